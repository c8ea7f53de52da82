package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.hub.HubClient;
import ai.llm360.io.internal.WholeFile;
import ai.llm360.zoo.Zoo;
import ai.llm360.zoo.catalogue.PublishedCheckpoint;
import ai.llm360.zoo.catalogue.PublishedResults;
import ai.llm360.zoo.catalogue.PublishedResults.Row;
import ai.llm360.zoo.catalogue.PublishedResults.Task;
import ai.llm360.zoo.catalogue.Scores;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 scores}: shows the evaluation results that published checkpoints carry. */
@Command(
        name = "scores",
        description = {
            "Collects the evaluation results that the Hub's branches carry into one table.",
            "Only these small files are downloaded, into the cache; with HF_HUB_OFFLINE=1 those"
                + " that are there are shown. A score of MMLU is the mean of its 57 tasks, which"
                + " --json lists."
        })
final class ScoresCommand extends Verb {

    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description =
                    "A model's name, such as amber, for all its checkpoints; or some of them:"
                            + " amber@200, amber@0..359:10.")
    private String asked;

    @Option(
            names = "--task",
            required = true,
            paramLabel = "TASK",
            description = "One of arc, hellaswag, mmlu, truthfulqa.")
    private Task task;

    @Option(names = "--csv", description = "Print comma-separated values.")
    private boolean csv;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "Write FILE, as comma-separated values or, with --json, as JSON.")
    private Path file;

    private record Checkpoint(
            String name,
            Long step,
            Long tokens,
            Map<String, Double> scores,
            Map<String, Map<String, Double>> tasks,
            String missing) {}

    private record Result(String model, String task, List<Checkpoint> checkpoints) {}

    @Override
    public Integer call() throws Exception {
        Zoo zoo = zoo();
        HubClient hub = zoo.client();
        List<PublishedCheckpoint> checkpoints = checkpoints(zoo);
        PublishedResults results;
        try (Meter progress = Meter.counting(terminal())) {
            results = PublishedResults.read(hub, task, checkpoints, progress);
        }
        if (hub.settings().offline()
                && results.rows().stream().allMatch(row -> row.scores().isEmpty())) {
            throw new IOException(
                    "none of the results is in the cache %s, and HF_HUB_OFFLINE or ai.djl.offline is set; unset it to download them"
                            .formatted(hub.settings().cache()));
        }
        if (file != null) {
            String text =
                    output.json()
                            ? Output.toJson(result(results)) + "\n"
                            : ResultTable.csv(results);
            WholeFile.replace(file.toAbsolutePath(), text.getBytes(StandardCharsets.UTF_8));
        } else if (output.json()) {
            output.json(result(results));
        } else if (csv) {
            output.text(ResultTable.csv(results));
        } else {
            ResultTable.print(results, output);
        }
        return 0;
    }

    private List<PublishedCheckpoint> checkpoints(Zoo zoo)
            throws ModelNotFoundException, IOException {
        zoo.deciding(asked);
        return asked.contains("@")
                ? zoo.published(asked).checkpoints().stream()
                        .map(one -> one.published().orElseThrow())
                        .toList()
                : zoo.catalogue().checkpoints(asked);
    }

    private static Result result(PublishedResults results) {
        List<Checkpoint> checkpoints = new ArrayList<>();
        for (Row row : results.rows()) {
            PublishedCheckpoint one = row.checkpoint();
            checkpoints.add(
                    new Checkpoint(
                            one.name(),
                            EntryRow.boxed(one.step()),
                            EntryRow.boxed(one.tokens()),
                            row.scores().map(Scores::metrics).orElse(null),
                            row.scores().map(Scores::tasks).orElse(null),
                            row.missing().orElse(null)));
        }
        return new Result(
                results.rows().get(0).checkpoint().model(),
                results.task().name().toLowerCase(Locale.ROOT),
                checkpoints);
    }
}
