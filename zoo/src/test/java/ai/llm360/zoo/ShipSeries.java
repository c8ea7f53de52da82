package ai.llm360.zoo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Makes the resources of an embedded series from a finished run. Its arguments are the series'
 * name, the run's directory and the directory to fill, in which the tokenizer may lie already.
 */
final class ShipSeries {

    private static final List<String> RECORDS =
            List.of("config.yaml", "data.json", "metrics.jsonl", "validation.jsonl");

    private ShipSeries() {}

    public static void main(String[] args) throws IOException {
        ship(args[0], Path.of(args[1]), Path.of(args[2]));
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
        return writer.write();
    }
}
