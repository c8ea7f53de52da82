package ai.llm360.common.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.engine.Engine;
import ai.llm360.common.testing.JavaProcess;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
        return JavaProcess.of(Child.class)
                .options(options)
                .environment(Map.of("OMP_DISPLAY_ENV", "VERBOSE"))
                .environment(environment)
                .run(temp);
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
