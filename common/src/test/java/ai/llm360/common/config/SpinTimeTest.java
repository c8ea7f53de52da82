package ai.llm360.common.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.engine.Engine;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs processes of its own: libgomp reads its environment once. */
class SpinTimeTest {

    @TempDir Path temp;

    /** The C library, as libgomp sees it. */
    public interface LibC extends Library {

        String getenv(String name);
    }

    /** Prints the variables before libgomp is there; libgomp then prints what it made of them. */
    public static final class Child {

        public static void main(String[] args) throws IOException {
            EngineSettings.apply();
            EngineSettings.apply();
            LibC libc = Native.load("c", LibC.class);
            try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
                System.out.println("loaded: " + maps.anyMatch(line -> line.contains("libgomp")));
            }
            for (String name : List.of("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")) {
                System.out.println(name + ": " + libc.getenv(name));
            }
            System.out.flush();
            Engine.getEngine("PyTorch");
        }
    }

    private String output(Map<String, String> environment, String... options)
            throws IOException, InterruptedException {
        assumeTrue(Platform.isLinux(), "libgomp is Linux's");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(Child.class.getName());
        Path out = temp.resolve("out");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile());
        builder.environment().keySet().removeAll(List.of("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"));
        builder.environment().put("OMP_DISPLAY_ENV", "VERBOSE");
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        String text = Files.readString(out, StandardCharsets.UTF_8);
        assertThat(process.exitValue()).as(text).isZero();
        return text;
    }

    @Test
    void what_nobody_set_is_short_and_reaches_libgomp() throws Exception {
        assertThat(output(Map.of()))
                .contains("loaded: false\nOMP_WAIT_POLICY: null\nGOMP_SPINCOUNT: 5000\n")
                .contains("GOMP_SPINCOUNT = '5000'");
    }

    @Test
    void a_users_variable_is_left_alone() throws Exception {
        assertThat(output(Map.of("OMP_WAIT_POLICY", "ACTIVE")))
                .contains("loaded: false\nOMP_WAIT_POLICY: ACTIVE\nGOMP_SPINCOUNT: null\n")
                .contains("OMP_WAIT_POLICY = 'ACTIVE'");
    }

    @Test
    void a_users_property_is_handed_on() throws Exception {
        assertThat(output(Map.of(), "-DOMP_WAIT_POLICY=PASSIVE"))
                .contains("loaded: false\nOMP_WAIT_POLICY: PASSIVE\nGOMP_SPINCOUNT: null\n")
                .contains("OMP_WAIT_POLICY = 'PASSIVE'", "GOMP_SPINCOUNT = '0'");
    }
}
