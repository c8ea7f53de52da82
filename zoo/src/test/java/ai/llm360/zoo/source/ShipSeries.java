package ai.llm360.zoo.source;

import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.config.PortableMode;
import ai.llm360.common.run.PhasedRun;
import ai.llm360.common.run.ValidationLoss;
import ai.llm360.common.torch.Machine;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.common.train.TrainingRun;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.zoo.catalogue.Standing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes the resources of an embedded series from a finished run, or from those of all phases of a
 * training. Its arguments are the series' name, the directory that {@code pretrain --out} was
 * given, and the series' directory, which is made anew. It must run on the machine of the training
 * and, unless that was in the portable mode, with as many threads: it is what writes them down.
 */
public final class ShipSeries {

    private static final List<String> RECORDS =
            List.of("data.json", "metrics.jsonl", "validation.jsonl");

    private ShipSeries() {}

    public static void main(String[] args) throws IOException {
        Path target = Path.of(args[2]);
        List<TrainingPhase> phases = phases(Path.of(args[1])); // a slip costs nothing
        if (phases.stream().anyMatch(phase -> TrainingRun.config(phase.recipe()).portable())) {
            PortableMode.apply(); // as the training did, so that this is written down
        }
        if (Files.exists(target)) {
            AtomicDirectory.remove(target);
        }
        SeriesFile series = ship(args[0], Path.of(args[1]), target);
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

    public static SeriesFile ship(String model, Path training, Path target) throws IOException {
        SeriesWriter writer = new SeriesWriter(model, Machine.here(), target);
        for (TrainedModel.Source one : TrainedModel.of(training, true).checkpoints()) {
            Standing standing = one.standing();
            long step = standing.step().orElseThrow();
            Map<String, Double> heldOut = new LinkedHashMap<>();
            ValidationLoss.read(one.directory().getParent()).stream()
                    .filter(loss -> loss.step() == step)
                    .forEach(loss -> heldOut.put(loss.source(), loss.loss()));
            writer.add(
                    one.directory(),
                    one.name(),
                    standing.phase().orElse(null),
                    step,
                    standing.tokens().orElseThrow(),
                    standing.loss().orElse(Double.NaN),
                    heldOut);
        }
        for (TrainingPhase phase : phases(training)) {
            record(phase.in(training), training, phase.in(target));
        }
        return writer.write();
    }

    private static List<TrainingPhase> phases(Path training) throws IOException {
        return TrainingPhase.of(
                PhasedRun.exists(training)
                        ? ConfigTree.parse(PhasedRun.recipe(training))
                        : TrainingRun.savedConfig(training));
    }

    /** Copies what a run has written down, but for where it was on this machine. */
    private static void record(Path run, Path training, Path target) throws IOException {
        Files.createDirectories(target);
        for (String record : RECORDS) {
            Files.copy(run.resolve(record), target.resolve(record));
        }
        ConfigTree config = TrainingRun.savedConfig(run);
        Path data = Path.of(config.get("data.path").map(Object::toString).orElse("data"));
        config = config.with("data.path", data.getFileName().toString());
        Optional<Object> start = config.get("start.checkpoint");
        if (start.isPresent()) {
            Path checkpoint = Path.of(start.get().toString());
            Path all = training.toAbsolutePath().normalize();
            Path shown =
                    checkpoint.startsWith(all)
                            ? all.relativize(checkpoint)
                            : checkpoint.getFileName();
            config = config.with("start.checkpoint", shown.toString());
        }
        Files.writeString(target.resolve("config.yaml"), config.toYaml());
    }
}
