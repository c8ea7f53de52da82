package ai.llm360.common.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Writes the run that is checked in as a sample of the format, in {@code sample-run-1} among the
 * tests' resources. A later version of the format gets a sample of its own beside it.
 */
final class SampleRun {

    static final String CONFIG = "name: sample\nseed: 11111\n";
    static final String DATA = "{\"chunks\": 2}\n";
    static final String CHANGED = "name: sample\nseed: 11111\nclip: 0.5\n";

    private SampleRun() {}

    /** Takes the directory to make. */
    public static void main(String[] arguments) throws IOException {
        write(Path.of(arguments[0]));
    }

    static void write(Path path) throws IOException {
        try (RunDirectory run = RunDirectory.create(path, CONFIG, DATA);
                RunLog log = run.openLog(0)) {
            for (long step = 1; step <= 5; step++) {
                log.metrics(metrics(step));
                if (step == 2) {
                    log.validation(new ValidationLoss(step, "books", 1 / 3.0, 4096));
                    run.saveCheckpoint(0, States.of(step));
                    run.replaceConfig(CHANGED, DATA);
                    log.event(event());
                }
            }
            run.saveCheckpoint(1, States.of(4));
            run.saveResumePoint(States.of(5));
            run.prune(1, false);
        }
        Files.delete(path.resolve(RunLock.FILE));
    }

    static RunEvent event() {
        return new RunEvent(2, "config_changed", Map.of("clip", List.of(1.0, 0.5)));
    }

    static StepMetrics metrics(long step) {
        double loss = step == 3 ? Double.NaN : 10.0 / (double) step;
        OptionalDouble mfu = step == 1 ? OptionalDouble.empty() : OptionalDouble.of(0.1);
        return new StepMetrics(step, loss, 3e-4, Math.sqrt(loss), 64 * step, 321.5, mfu, 1 << 20);
    }
}
