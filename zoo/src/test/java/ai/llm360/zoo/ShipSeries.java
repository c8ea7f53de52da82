package ai.llm360.zoo;

import ai.llm360.common.checkpoint.AtomicDirectory;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.train.TrainingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Makes the resources of an embedded series from a finished run. Its arguments are the series'
 * name, the run's directory and the series' directory, which is made anew. It must run on the
 * machine of the training and with as many threads: it is what writes them down.
 */
final class ShipSeries {

    private static final List<String> RECORDS =
            List.of("data.json", "metrics.jsonl", "validation.jsonl");

    private ShipSeries() {}

    public static void main(String[] args) throws IOException {
        Path target = Path.of(args[2]);
        TrainingRun.savedConfig(Path.of(args[1])); // a slip costs nothing
        if (Files.exists(target)) {
            AtomicDirectory.remove(target);
        }
        Series series = ship(args[0], Path.of(args[1]), target);
        for (SeriesCheckpoint checkpoint : series.checkpoints()) {
            System.out.printf(
                    "%s  step %d  loss %.4f  held back %s%n",
                    checkpoint.name(),
                    checkpoint.step(),
                    checkpoint.loss(),
                    checkpoint.validationLoss());
        }
        System.out.println(series.madeOn());
    }

    static Series ship(String model, Path run, Path target) throws IOException {
        List<String> names;
        try (Stream<Path> entries = Files.list(run)) {
            names =
                    entries.map(entry -> entry.getFileName().toString())
                            .filter(name -> name.matches("ckpt-\\d+"))
                            .sorted()
                            .toList();
        }
        SeriesWriter writer = new SeriesWriter(model, Series.Machine.here(), target);
        for (TrainedCheckpoint trained : TrainedCheckpoint.of(run, names)) {
            writer.add(
                    trained.saved().path(),
                    trained.saved().name(),
                    trained.saved().state().step(),
                    trained.saved().state().tokens(),
                    trained.loss(),
                    trained.validationLoss());
        }
        for (String record : RECORDS) {
            Files.copy(run.resolve(record), target.resolve(record));
        }
        ConfigTree config = TrainingRun.savedConfig(run);
        Path data = Path.of(config.get("data.path").map(Object::toString).orElse("data"));
        ConfigTree shipped = config.with("data.path", data.getFileName().toString());
        Files.writeString(target.resolve("config.yaml"), shipped.toYaml());
        return writer.write();
    }
}
