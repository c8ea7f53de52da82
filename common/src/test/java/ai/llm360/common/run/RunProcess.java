package ai.llm360.common.run;

import ai.llm360.common.checkpoint.TensorSource;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/** Writes a run in a process of its own, which a test can kill or starve. */
final class RunProcess {

    private RunProcess() {}

    /** Starts a process; the prefix is a shell's words before it, such as a limit. */
    static Process start(String prefix, String... arguments) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command =
                Stream.concat(
                                Stream.of(
                                        java,
                                        "-XX:TieredStopAtLevel=1",
                                        "-XX:+UseSerialGC",
                                        "-cp",
                                        System.getProperty("java.class.path"),
                                        RunProcess.class.getName()),
                                Stream.of(arguments))
                        .toList();
        if (!prefix.isEmpty()) {
            String words = String.join("' '", command);
            command = List.of("sh", "-c", prefix + " exec '" + words + "'");
        }
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    /** Goes on with the run in a directory for so many steps, or until it is killed. */
    public static void main(String[] arguments) throws IOException {
        Path path = Path.of(arguments[0]);
        long steps = Long.parseLong(arguments[1]);
        try (RunDirectory run =
                Files.exists(path)
                        ? RunDirectory.open(path)
                        : RunDirectory.create(path, "seed: 1\n", "{}")) {
            go(run, steps, System.out);
        } catch (RunException e) {
            System.out.println(e.getMessage());
            System.exit(1);
        }
    }

    private static void go(RunDirectory run, long steps, OutputStream out) throws IOException {
        long done = run.latest().map(state -> state.state().step()).orElse(0L);
        try (RunLog log = run.openLog(done)) {
            for (long step = done + 1; step <= steps; step++) {
                log.metrics(metrics(step));
                StateContents contents = States.of(step, told(step, out), told(step, out));
                if (step % 4 == 0) {
                    run.saveCheckpoint((int) (step / 4), contents);
                } else {
                    run.saveResumePoint(contents);
                }
                run.prune(2, false);
                out.write('p');
                out.flush();
            }
        }
    }

    /** A source that says so on the standard output after each tensor. */
    private static TensorSource told(long step, OutputStream out) {
        TensorSource source = States.source(step);
        return (tensor, file) -> {
            source.write(tensor, file);
            out.write('t');
            out.flush();
        };
    }

    static StepMetrics metrics(long step) {
        double loss = 1.0 / (double) step;
        return new StepMetrics(step, loss, 0.5, loss, step, 7.0, OptionalDouble.empty(), step);
    }
}
