package ai.llm360.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Holds the library in the jar to its source. */
class KernelSourceTest {

    private static final Path SOURCE = Path.of("src/main/native/build");

    @Test
    void the_library_is_what_its_source_compiles_to(@TempDir Path directory)
            throws IOException, InterruptedException {
        assumeThat(compiler()).as("gcc 12.2.0 of Debian 12 is here").contains("12.2.0-14+deb12u");
        Path built = directory.resolve("libllm360.so");
        Process process =
                new ProcessBuilder(SOURCE.toString(), built.toString()).inheritIO().start();
        assertThat(process.waitFor()).isZero();
        assertThat(built)
                .hasSameBinaryContentAs(Path.of("src/main/resources/linux-x86-64/libllm360.so"));
    }

    private static String compiler() throws InterruptedException {
        try {
            Process process =
                    new ProcessBuilder("gcc", "--version").redirectErrorStream(true).start();
            String said =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            return Files.isExecutable(SOURCE) ? said : "the build script can't be run";
        } catch (IOException e) {
            return "no gcc";
        }
    }
}
