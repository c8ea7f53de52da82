package ai.llm360.cli;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.DataOrder;
import ai.llm360.common.data.ShuffleMode;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.common.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 data show}: shows the rows that an optimizer step saw. */
@Command(
        name = "show",
        description = {
            "Shows which rows, sources and text an optimizer step saw.",
            "Of rows with masks it says how many targets count; --json has the masks whole: for"
                    + " each id but the first, 1 if its prediction counts in the loss, else 0.",
            "Of a run's directory, batch, seed, order and data are those of its configuration; a"
                    + " run that skipped a chunk or was reseeded then went another way."
        })
final class DataShowCommand extends Verb {

    private static final int TEXT_WIDTH = 72;

    @Parameters(
            index = "0",
            paramLabel = "DIR",
            description = "A prepared data set, or a run's directory.")
    private Path directory;

    @Option(
            names = "--step",
            paramLabel = "S",
            required = true,
            description = "The optimizer step, as metrics.jsonl counts it: from 1.")
    private long step;

    @Option(
            names = "--batch",
            paramLabel = "G",
            description = "The sequences of a step, over all processes.")
    private Integer batch;

    @Option(names = "--seed", paramLabel = "N", description = "The order's seed. Default: 11111.")
    private Long seed;

    @Option(
            names = "--order",
            paramLabel = "ORDER",
            description = "per-chunk (the default) or continuous.")
    private String order;

    @Option(
            names = "--rank",
            paramLabel = "R",
            description = "Show the rows of one process only, from 0; goes with --world.")
    private int rank;

    @Option(
            names = "--world",
            paramLabel = "W",
            description = "The number of processes. Default: 1.")
    private int world = 1;

    @Option(
            names = "--tokenizer",
            paramLabel = "PATH",
            description =
                    "A tokenizer's file or directory, to show the text rather than the ids."
                            + " Default: the data set's, where it has one.")
    private Path tokenizer;

    /** The mask is null if all targets count; else it says for each id but the first if it does. */
    private record Row(
            long row, String source, String text, List<Long> ids, List<Integer> lossMask) {

        /** Counts the row's targets that count in the loss. */
        private String counted() {
            int targets = ids.size() - 1;
            long counted =
                    lossMask == null
                            ? targets
                            : lossMask.stream().mapToInt(Integer::intValue).sum();
            return counted + " of " + targets;
        }
    }

    private record Result(String data, long step, int chunk, long stepInChunk, List<Row> rows) {}

    @Override
    public Integer call() throws IOException {
        TrainingConfig run = run();
        Path data = run == null ? directory : Path.of(run.data().path());
        Integer sequences =
                batch == null && run != null ? Integer.valueOf(run.batch().global()) : batch;
        if (sequences == null) {
            throw wrong("Missing --batch=G: the sequences of a step, over all processes");
        }
        long orderSeed = seed != null ? seed : run != null ? run.seed() : 11111;
        try (TokenDataset dataset = TokenDataset.open(data)) {
            int pair = run == null ? 1 : run.objective().rows(); // rows that come together
            List<Long> chunks = examples(dataset.manifest().rowsPerChunk(), run, pair);
            DataOrder all = new DataOrder(mode(run), orderSeed, chunks);
            DataOrder.Place place = all.place(step, sequences);
            int file = place.chunk() % dataset.chunkCount();
            long[] numbers =
                    LongStream.of(
                                    all.chunk(place.chunk(), sequences)
                                            .rows(place.step(), rank, world))
                            .flatMap(one -> LongStream.range(pair * one, pair * (one + 1)))
                            .toArray();
            Result result =
                    new Result(
                            data.toString(),
                            step,
                            place.chunk(),
                            place.step(),
                            rows(dataset, file, numbers, tokenizer(data)));
            output.result(result, () -> print(result));
        }
        return 0;
    }

    /** The examples of each chunk that a run goes through, in each epoch. */
    private static List<Long> examples(List<Long> rows, TrainingConfig run, int pair) {
        boolean some = run != null && run.data().epochs() > 1 && run.data().chunks() > 0;
        if (some && run.data().chunks() < rows.size()) {
            throw new ConfigException(
                    "the run goes through %d of the data's %d chunks %d times, whose steps can't be shown"
                            .formatted(run.data().chunks(), rows.size(), run.data().epochs()));
        }
        return Collections.nCopies(run == null ? 1 : run.data().epochs(), rows).stream()
                .flatMap(List::stream)
                .map(count -> count / pair)
                .toList();
    }

    /** The configuration, if the directory is a run's. */
    private TrainingConfig run() throws IOException {
        Path config = directory.resolve("config.yaml");
        return Files.isRegularFile(config)
                ? ConfigTree.read(config).bind(TrainingConfig.class, TrainingConfig.DEFAULTS)
                : null;
    }

    private ShuffleMode mode(TrainingConfig run) {
        if (order == null) {
            return run == null ? ShuffleMode.PER_CHUNK : run.data().order();
        }
        return switch (order) {
            case "per-chunk", "per_chunk" -> ShuffleMode.PER_CHUNK;
            case "continuous" -> ShuffleMode.CONTINUOUS;
            default -> throw wrong("--order is per-chunk or continuous, not " + order);
        };
    }

    private Path tokenizer(Path data) {
        return tokenizer == null && Tokenizer.isIn(data) ? data : tokenizer;
    }

    private static List<Row> rows(TokenDataset data, int chunk, long[] numbers, Path tokenizer)
            throws IOException {
        List<Row> rows = new ArrayList<>();
        try (TokenChunk file = data.openChunk(chunk);
                Tokenizer words = tokenizer == null ? null : Tokenizer.open(tokenizer)) {
            long[] ids = new long[file.rowLength()];
            for (long number : numbers) {
                file.read(number, ids, 0);
                rows.add(
                        new Row(
                                number,
                                file.source(number),
                                words == null ? null : words.decodeVerbatim(ids),
                                Arrays.stream(ids).boxed().toList(),
                                mask(file, number)));
            }
        }
        return rows;
    }

    private static List<Integer> mask(TokenChunk file, long row) {
        if (!file.hasMask()) {
            return null;
        }
        float[] mask = new float[file.rowLength() - 1];
        file.readMask(row, mask, 0);
        return IntStream.range(0, mask.length).mapToObj(t -> (int) mask[t]).toList();
    }

    private void print(Result result) {
        output.line(
                "step %d: step %d of chunk %d"
                        .formatted(result.step(), result.stepInChunk(), result.chunk()));
        boolean masked = result.rows().stream().anyMatch(row -> row.lossMask() != null);
        List<String> header = new ArrayList<>(List.of("row", "source", "beginning"));
        if (masked) {
            header.add(2, "targets counted");
        }
        output.table(
                header,
                result.rows(),
                row ->
                        masked
                                ? List.of(row.row(), row.source(), row.counted(), beginning(row))
                                : List.of(row.row(), row.source(), beginning(row)));
    }

    /** As much as fits a line; --json has all. */
    private static String beginning(Row row) {
        String all =
                row.text() == null
                        ? String.join(" ", row.ids().stream().map(String::valueOf).toList())
                        : row.text().replaceAll("\\p{Cntrl}", "\u00b7");
        int end = Math.min(all.length(), TEXT_WIDTH);
        return end < all.length() ? all.substring(0, end - 1) + "\u2026" : all;
    }
}
