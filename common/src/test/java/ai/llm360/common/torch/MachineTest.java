package ai.llm360.common.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Platform;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class MachineTest {

    private static final Machine ONE =
            new Machine("a processor", 2, "2.7.1", "AVX2", "Linux amd64");

    @Test
    void this_machine_names_what_decides_the_order_of_sums() throws IOException {
        Machine here = Machine.here();
        assertThat(here.processor()).isNotBlank();
        assertThat(here.threads()).isPositive();
        assertThat(here.libtorch()).isEqualTo("2.7.1");
        assertThat(here.system()).endsWith(System.getProperty("os.arch"));
        assertThat(here).isEqualTo(Machine.here());
    }

    @Test
    void libtorch_itself_says_which_kernels_it_chose() throws IOException {
        assumeTrue(Platform.isLinux() && Platform.isIntel(), "asked on Linux x86-64");
        assertThat(Machine.here().instructions())
                .isIn("AVX512", "AVX2", "DEFAULT", "NO AVX", Machine.PORTABLE);
    }

    @Test
    void differences_are_named_with_both_values() {
        assertThat(ONE.differences(ONE)).isEmpty();
        assertThat(ONE.differences(new Machine("another", 1, "2.8", "AVX512", "Mac OS X aarch64")))
                .containsExactly(
                        "another, not a processor",
                        "1 thread, not 2",
                        "libtorch 2.8, not 2.7.1",
                        "kernels for AVX512, not AVX2",
                        "Mac OS X aarch64, not Linux amd64");
    }

    @Test
    void in_the_portable_mode_the_processor_makes_no_difference() {
        Machine portable = new Machine("a processor", 2, "2.7.1", Machine.PORTABLE, "Linux amd64");
        assertThat(portable.isPortable()).isTrue();
        assertThat(
                        portable.differences(
                                new Machine("another", 2, "2.8", Machine.PORTABLE, "Linux amd64")))
                .containsExactly("libtorch 2.8, not 2.7.1");
        assertThat(portable.differences(ONE)).containsExactly("kernels for AVX2, not any x86-64");
        assertThat(new Machine("another", 2, "2.7.1", "AVX2", "Linux amd64").differences(portable))
                .containsExactly("a processor, not another", "kernels for any x86-64, not AVX2");
    }

    @Test
    void what_was_not_recorded_is_no_difference() {
        Machine old = new Machine("a processor", 0, null, null, null);
        assertThat(old.instructions()).isEqualTo(Machine.UNKNOWN);
        assertThat(old.differences(ONE)).isEmpty();
        assertThat(ONE.differences(old)).isEmpty();
    }
}
