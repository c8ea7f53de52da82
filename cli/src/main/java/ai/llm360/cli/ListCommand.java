package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.Series;
import ai.llm360.zoo.catalogue.PublishedCheckpoint;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 list}: lists models and checkpoints, and opens none of them. */
@Command(
        name = "list",
        description = {
            "Shows which models there are, or a model's checkpoints: what LLM360 published, what"
                    + " comes with this program, and what is on this machine.",
            "It asks nothing of the network, but with --refresh the Hub for the model's branches,"
                    + " and of a tree on a web server its list."
        },
        footer = {
            "",
            "branch: observed is one that has been seen on the Hub, unconfirmed one whose name fits"
                    + " the pattern of those; nothing where the model card gives a rule for all."
        })
final class ListCommand extends Verb {

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "MODEL",
            completionCandidates = ModelNames.class,
            description =
                    "A model's name, such as amber; also one of its checkpoints, such as amber@200"
                            + " or amber@1.0T-tokens, a range of them, such as amber@0..359:10, or"
                            + " twelve, spread evenly: amber@uniform:12. Or a run's directory, such"
                            + " as ./my-run, or a model in a static tree:"
                            + " llm360+https://host/tree/my-amber. Default: all models.")
    private String asked;

    @Option(
            names = "--refresh",
            description =
                    "Ask the Hub which branches the published model has, and keep the answer in"
                            + " LLM360_HOME. CrystalCoder's 143 are all known by this alone.")
    private boolean refresh;

    @Option(
            names = "--metadata",
            description =
                    "Print the model's metadata.json, as the Deep Java Library's repositories have"
                            + " it: an artifact for each checkpoint, the last one first.")
    private boolean metadata;

    @Option(names = "--tokens", description = "Give the exact numbers of tokens.")
    private boolean exactTokens;

    private record Model(
            String model, String repository, Integer published, int listed, long atHand) {}

    private record Models(List<Model> models) {}

    /**
     * A model's checkpoints, or some.
     *
     * @param asked when the Hub was asked for the branches
     * @param tokensAskedFor what the reference asked for, if it did
     */
    private record Checkpoints(
            String model,
            Integer published,
            String asked,
            Long tokensAskedFor,
            List<EntryRow> checkpoints) {

        static Checkpoints of(Series series) {
            return new Checkpoints(
                    series.model(),
                    series.published().orElse(null),
                    series.asked().map(Instant::toString).orElse(null),
                    EntryRow.boxed(series.nearestTo()),
                    series.checkpoints().stream().map(EntryRow::of).toList());
        }
    }

    @Override
    public Integer call() throws ModelNotFoundException, IOException {
        if (asked == null) {
            if (refresh || metadata) {
                throw wrong("--refresh and --metadata are of one model: give it");
            }
            Models models = models();
            output.result(models, () -> print(models));
            return 0;
        }
        if (refresh) {
            zoo().refresh(asked.replaceFirst("@.*", ""));
        }
        Series series = Series.of(asked);
        if (metadata) {
            output.text(series.metadataJson());
        } else {
            Checkpoints found = Checkpoints.of(series);
            output.result(found, () -> print(found, !asked.contains("@")));
        }
        return 0;
    }

    private Models models() throws ModelNotFoundException, IOException {
        List<Model> models = new ArrayList<>();
        for (String model : zoo().models()) {
            Series series = Series.of(model);
            List<CheckpointEntry> all = series.checkpoints();
            models.add(
                    new Model(
                            model,
                            all.stream()
                                    .flatMap(checkpoint -> checkpoint.published().stream())
                                    .map(PublishedCheckpoint::repository)
                                    .findFirst()
                                    .orElse(null),
                            series.published().orElse(null),
                            all.size(),
                            all.stream().filter(CheckpointEntry::isHere).count()));
        }
        return new Models(models);
    }

    private void print(Models all) {
        output.table(
                List.of("model", "repository", "published", "listed", "at hand"),
                all.models(),
                model ->
                        List.of(
                                model.model(),
                                Objects.requireNonNullElse(model.repository(), ""),
                                Objects.<Object>requireNonNullElse(model.published(), ""),
                                model.listed(),
                                model.atHand()));
    }

    private void print(Checkpoints found, boolean all) {
        if (found.tokensAskedFor() != null) {
            output.line("nearest to %,d tokens:".formatted(found.tokensAskedFor()));
        }
        EntryRow.print(output, found.checkpoints(), exactTokens);
        if (found.asked() != null) {
            output.line("branches as the Hub had them at " + found.asked());
        }
        if (all && found.published() != null && found.published() > found.checkpoints().size()) {
            output.line(
                    "%d were published; the names of the others are not known, and are taken when they fit the pattern: --refresh asks the Hub"
                            .formatted(found.published()));
        }
    }
}
