package ai.llm360.cli;

import ai.djl.ModelException;
import ai.llm360.analysis.series.CheckpointModels;
import ai.llm360.analysis.series.FirstSeen;
import ai.llm360.analysis.series.FirstSeen.Around;
import ai.llm360.analysis.series.FirstSeen.Occurrences;
import ai.llm360.analysis.series.SeenOrder;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.Series;
import ai.llm360.zoo.reproduce.Recipes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 first-seen}: finds where a training first saw a text. */
@Command(
        name = "first-seen",
        description = {
            "Finds which chunk and step of a training first saw a text, and how often each chunk"
                    + " holds it.",
            "The text is compared with what the rows' tokens spell, byte for byte, so it may begin"
                    + " and end within a word. It isn't found across two rows, which no step sees"
                    + " together.",
            "With --series it also tells the checkpoints before and after, and their losses on the"
                    + " text."
        })
final class FirstSeenCommand extends Verb {

    @Parameters(index = "0", paramLabel = "TEXT", description = "The text.")
    private String text;

    @Option(
            names = "--data",
            required = true,
            paramLabel = "DIR",
            description = "The prepared data set of the training.")
    private Path directory;

    @Option(
            names = "--tokenizer",
            paramLabel = "PATH",
            description =
                    "A tokenizer's file or directory. Default: the data set's, where it has one.")
    private Path tokenizer;

    @Option(
            names = "--recipe",
            paramLabel = "RECIPE",
            description =
                    "The training's recipe, by name or path, or a run's config.yaml: it tells the"
                            + " order of the rows. Default: the series' own, where it has one.")
    private String recipe;

    @Option(
            names = "--series",
            paramLabel = "SERIES",
            completionCandidates = ModelNames.class,
            description = "The training's checkpoints. " + SeriesArgument.SERIES)
    private String reference;

    @Option(names = "--first", description = "Stop at the first chunk that a step saw it in.")
    private boolean first;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "The threads to search with. Default: as many as there are cores.")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Mixin private LoadOptions options;

    private record Chunk(
            int chunk,
            long rows,
            long occurrences,
            Map<String, Long> sources,
            Long row,
            Long step) {

        static Chunk of(Occurrences found) {
            return new Chunk(
                    found.chunk(),
                    found.rows(),
                    found.occurrences(),
                    found.sources(),
                    EntryRow.boxed(found.row()),
                    EntryRow.boxed(found.step()));
        }
    }

    /** The loss is in nats a token; null where the text has too few tokens. */
    private record Seen(String checkpoint, Long step, Long tokens, Double loss) {}

    private record Result(
            String text, String data, Chunk first, Seen before, Seen after, List<Chunk> chunks) {}

    @Override
    public Integer call() throws ModelException, IOException {
        if (threads < 1) {
            throw wrong("--threads is 1 or more, not " + threads);
        }
        Series series = reference == null ? null : SeriesArgument.find(zoo(), reference);
        Optional<SeenOrder> order = order(series);
        Result result;
        try (TokenDataset data = TokenDataset.open(directory);
                Tokenizer words = Tokenizer.open(tokenizer == null ? directory : tokenizer)) {
            FirstSeen search = new FirstSeen(data, words, text, order);
            List<Occurrences> found = search(search, data.chunkCount(), order.isPresent());
            Optional<Occurrences> seen =
                    found.stream().filter(one -> isSeen(one, order.isPresent())).findFirst();
            Around around =
                    seen.isEmpty() || series == null
                            ? new Around(Optional.empty(), Optional.empty())
                            : search.around(series, seen.get());
            CheckpointModels models = options.models();
            result =
                    new Result(
                            text,
                            directory.toString(),
                            seen.map(Chunk::of).orElse(null),
                            seen(models, around.before()),
                            seen(models, around.after()),
                            found.stream().map(Chunk::of).toList());
        }
        output.result(result, () -> print(result, order.isPresent(), series != null));
        return 0;
    }

    /** A chunk whose order is known may hold the text in a row that no step sees. */
    private static boolean isSeen(Occurrences found, boolean ordered) {
        return ordered ? found.step().isPresent() : found.occurrences() > 0;
    }

    private List<Occurrences> search(FirstSeen search, int chunks, boolean ordered)
            throws IOException {
        List<Occurrences> found = new ArrayList<>();
        try (Meter progress = Meter.counting(terminal())) {
            progress.reset("chunks", chunks, null);
            for (int chunk = 0; chunk < chunks; chunk++) {
                found.add(search.search(chunk, threads));
                progress.increment(1);
                if (first && isSeen(found.get(chunk), ordered)) {
                    break;
                }
            }
        }
        return found;
    }

    private Optional<SeenOrder> order(Series series) throws ModelException, IOException {
        Optional<ConfigTree> tree = Optional.empty();
        if (recipe != null) {
            tree = Optional.of(Recipes.read(recipe));
        } else if (series != null) {
            Path run = Path.of(series.model()).resolve("config.yaml");
            if (Files.isRegularFile(run)) {
                tree = Optional.of(ConfigTree.read(run));
            } else if (Recipes.names().contains(series.model())) {
                tree = Optional.of(Recipes.read(series.model()));
            }
        }
        List<TrainingPhase> phases = tree.map(TrainingPhase::of).orElse(List.of());
        if (phases.size() > 1) {
            throw wrong(
                    "%s has phases, each with data of its own: give one of them, such as --recipe=%s/%s"
                            .formatted(
                                    recipe == null ? series.model() : recipe,
                                    recipe == null ? series.model() : recipe,
                                    phases.get(0).name()));
        }
        return phases.stream()
                .findFirst()
                .map(
                        phase ->
                                SeenOrder.of(
                                        phase.recipe()
                                                .without("prepare")
                                                .bind(
                                                        TrainingConfig.class,
                                                        TrainingConfig.DEFAULTS)));
    }

    private Seen seen(CheckpointModels models, Optional<CheckpointEntry> checkpoint)
            throws ModelException, IOException {
        if (checkpoint.isEmpty()) {
            return null;
        }
        CheckpointEntry one = checkpoint.get();
        OptionalDouble loss = FirstSeen.loss(models, one, text);
        return new Seen(
                one.name(),
                EntryRow.boxed(one.step()),
                EntryRow.boxed(one.tokens()),
                EntryRow.boxed(loss));
    }

    private void print(Result result, boolean ordered, boolean asked) {
        List<Chunk> holding =
                result.chunks().stream().filter(chunk -> chunk.occurrences() > 0).toList();
        if (holding.isEmpty()) {
            output.line("not in any of " + Output.count(result.chunks().size(), "chunk"));
            return;
        }
        Chunk seen = result.first();
        if (seen == null) {
            output.line("in rows that no step saw: they are left over at the chunks' ends");
        } else {
            output.line(
                    "first seen in chunk %d, row %d%s"
                            .formatted(
                                    seen.chunk(),
                                    seen.row(),
                                    ordered
                                            ? ", by step " + seen.step()
                                            : "; --recipe tells the step"));
        }
        if (asked) {
            printAround(result);
        }
        output.line("");
        output.table(
                List.of("chunk", "occurrences", "rows", "first step", "sources"),
                holding,
                chunk ->
                        List.of(
                                chunk.chunk(),
                                chunk.occurrences(),
                                chunk.rows(),
                                chunk.step() == null ? "" : chunk.step(),
                                sources(chunk)));
        long all = holding.stream().mapToLong(Chunk::occurrences).sum();
        output.line(
                "%s in %d of %s"
                        .formatted(
                                Output.count(all, "occurrence"),
                                holding.size(),
                                Output.count(result.chunks().size(), "chunk")));
    }

    private void printAround(Result result) {
        List<List<?>> rows = new ArrayList<>();
        if (result.before() != null) {
            rows.add(List.of("before", checkpoint(result.before())));
        }
        if (result.after() != null) {
            rows.add(List.of("after", checkpoint(result.after())));
        }
        if (rows.isEmpty()) {
            output.line("which checkpoints lie before and after it isn't known");
        }
        output.rows(rows);
    }

    private static String checkpoint(Seen one) {
        return one.loss() == null
                ? one.checkpoint()
                : one.checkpoint() + ", loss " + Output.decimal(one.loss(), 4);
    }

    private static String sources(Chunk chunk) {
        return String.join(
                ", ",
                chunk.sources().entrySet().stream()
                        .map(source -> source.getKey() + " " + source.getValue())
                        .toList());
    }
}
