package ai.llm360.common.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.llm360.common.testing.JavaProcess;
import ai.llm360.common.torch.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs processes of its own: the mode is one of a whole process. */
class PortableModeTest {

    private static final Map<String, String> SETTINGS =
            Map.of(
                    "ATEN_CPU_CAPABILITY", "default",
                    "MKL_CBWR", "COMPATIBLE",
                    "ONEDNN_MAX_CPU_ISA", "SSE41",
                    "OMP_NUM_THREADS", "2");

    @TempDir Path temp;

    /** Sets the mode before libtorch is loaded, or after it where the argument says so. */
    public static final class Child {

        public static void main(String[] args) throws IOException {
            try {
                if (args[0].equals("after")) {
                    Machine.here();
                }
                PortableMode.apply();
                PortableMode.apply();
                for (String name : SETTINGS.keySet().stream().sorted().toList()) {
                    System.out.println(name + "=" + NativeEnvironment.get(name));
                }
                Machine here = Machine.here();
                System.out.println(here.instructions() + ", " + here.threads() + " threads");
            } catch (ConfigException | IllegalStateException e) {
                System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
            }
            System.out.println(PortableMode.isOn());
        }
    }

    private JavaProcess child() {
        assumeTrue(PortableMode.isSupported(), "the mode is one of x86-64 Linux");
        return JavaProcess.of(Child.class);
    }

    @Test
    void what_it_sets_reaches_libtorch() throws Exception {
        assertThat(child().run(temp, "before"))
                .isEqualTo(
                        """
                        ATEN_CPU_CAPABILITY=default
                        MKL_CBWR=COMPATIBLE
                        OMP_NUM_THREADS=2
                        ONEDNN_MAX_CPU_ISA=SSE41
                        any x86-64, 2 threads
                        true
                        """);
    }

    @Test
    void it_comes_too_late_for_a_libtorch_that_is_loaded() throws Exception {
        assertThat(child().run(temp, "after"))
                .startsWith("IllegalStateException: the portable mode must be set before libtorch")
                .contains(
                        "call PortableMode.apply() first of all, or start the process with"
                                + " ATEN_CPU_CAPABILITY=default MKL_CBWR=COMPATIBLE"
                                + " OMP_NUM_THREADS=2 ONEDNN_MAX_CPU_ISA=SSE41\n")
                .endsWith("false\n");
    }

    @Test
    void a_process_that_was_started_in_it_may_set_it_at_any_time() throws Exception {
        assertThat(child().environment(SETTINGS).run(temp, "after"))
                .endsWith("any x86-64, 2 threads\ntrue\n");
    }

    @Test
    void a_users_own_settings_that_contradict_are_named() throws Exception {
        assertThat(
                        child().environment(Map.of("OMP_NUM_THREADS", "3", "MKL_CBWR", "AVX2"))
                                .options("-Dai.djl.pytorch.num_threads=4")
                                .run(temp, "before"))
                .isEqualTo(
                        """
                        ConfigException: the portable mode can't be had with MKL_CBWR=AVX2\
                         OMP_NUM_THREADS=3 ai.djl.pytorch.num_threads=4, which this process was\
                         started with; start it without
                        false
                        """);
    }
}
