package ai.llm360.common.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a main class in a process of its own: what is set before libtorch is loaded stays set. */
public final class JavaProcess {

    /** The variables that libtorch's kernels depend on: a child gets its test's alone. */
    private static final List<String> LIBTORCH =
            List.of(
                    "ATEN_CPU_CAPABILITY",
                    "GOMP_SPINCOUNT",
                    "MKL_CBWR",
                    "OMP_NUM_THREADS",
                    "OMP_WAIT_POLICY",
                    "ONEDNN_MAX_CPU_ISA");

    private final Class<?> main;
    private final List<String> launcher = new ArrayList<>();
    private final List<String> options = new ArrayList<>();
    private final Map<String, String> environment = new HashMap<>();
    private long seconds = 120;

    private JavaProcess(Class<?> main) {
        this.main = main;
    }

    /** A process of this Java and class path. */
    public static JavaProcess of(Class<?> main) {
        return new JavaProcess(main);
    }

    /** Options of the JVM. */
    public JavaProcess options(String... added) {
        options.addAll(List.of(added));
        return this;
    }

    /** Sets a command that starts the JVM, such as an emulator, and the seconds allowed. */
    public JavaProcess launcher(long within, String... command) {
        launcher.addAll(List.of(command));
        seconds = within;
        return this;
    }

    public JavaProcess environment(Map<String, String> added) {
        environment.putAll(added);
        return this;
    }

    /** Runs it to its end, which must be a good one, and returns all that it printed. */
    public String run(Path temp, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(launcher);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add(
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=off"); // its output is what is compared
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(args));
        Path out = Files.createTempFile(temp, "out", ".txt");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile());
        builder.environment().keySet().removeAll(LIBTORCH);
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(seconds, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
        } finally {
            process.destroyForcibly();
        }
        String text = Files.readString(out, StandardCharsets.UTF_8);
        assertThat(process.exitValue()).as(text).isZero();
        return text;
    }
}
