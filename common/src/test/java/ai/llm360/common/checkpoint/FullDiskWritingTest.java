package ai.llm360.common.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.types.Shape;
import ai.llm360.common.testing.SafetensorsBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The shell's limit on a file's size is, to a program, a disk that is full. */
@DisabledOnOs(OS.WINDOWS)
class FullDiskWritingTest {

    private static final int ELEMENTS = 5_000_000;

    @TempDir Path temp;

    /** Converts and prepares in a process of its own, and prints how each failed. */
    public static void main(String[] args) {
        Path base = Path.of(args[0]);
        try {
            CheckpointConverter.builder()
                    .setSource(base.resolve("model.safetensors"))
                    .setTarget(base.resolve("out"))
                    .build()
                    .convert();
        } catch (IOException e) {
            System.out.println(e.getMessage());
        }
        try {
            CheckpointWriter.writeFile(
                    base.resolve("prepared.safetensors"),
                    List.of(new TensorSpec("w", TensorType.F32, new Shape(ELEMENTS))),
                    (tensor, out) -> out.write(ByteBuffer.allocate(4 * ELEMENTS)));
        } catch (IOException e) {
            System.out.println(e.getMessage());
        }
    }

    @Test
    void a_full_disk_is_named_with_what_is_needed_and_nothing_is_left() throws Exception {
        new SafetensorsBuilder()
                .floats("w", new long[] {ELEMENTS}, new float[ELEMENTS])
                .write(temp.resolve("model.safetensors"));
        String java = ProcessHandle.current().info().command().orElse("java");
        Process process =
                new ProcessBuilder(
                                "sh",
                                "-c",
                                "ulimit -f 20000; exec \"$0\" -cp \"$1\" \"$2\" \"$3\"",
                                java,
                                System.getProperty("java.class.path"),
                                FullDiskWritingTest.class.getName(),
                                temp.toString())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        assertThat(out.lines())
                .satisfiesExactly(
                        line ->
                                assertThat(line)
                                        .startsWith(temp.resolve("out") + ": can't be written (")
                                        .contains("it takes 20,000,000 bytes", "nothing is left"),
                        line ->
                                assertThat(line)
                                        .startsWith(
                                                temp.resolve("prepared.safetensors") + ": can't")
                                        .contains("it takes 20,000,000 bytes"));
        try (Stream<Path> left = Files.list(temp)) {
            assertThat(left.map(file -> file.getFileName().toString()))
                    .containsExactly("model.safetensors");
        }
    }
}
