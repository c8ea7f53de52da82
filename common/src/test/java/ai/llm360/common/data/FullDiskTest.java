package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.testing.TinyTokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The shell's limit on a file's size is, to a program, a disk that is full. */
@DisabledOnOs(OS.WINDOWS)
class FullDiskTest {

    @TempDir Path temp;

    /** Prepares a data set in a process of its own and prints how that failed. */
    public static void main(String[] args) {
        Path base = Path.of(args[0]);
        try {
            DataPreparation.builder()
                    .setRecipe(new RecipeBuilder().text("tales", "tales.txt").build())
                    .setTarget(base.resolve("out"))
                    .optBase(base)
                    .build()
                    .prepare();
        } catch (IOException e) {
            System.out.println(e.getMessage());
        }
    }

    @Test
    void a_full_disk_is_named_and_leaves_nothing_behind() throws Exception {
        TinyTokenizer.llama().words("once").writeJson(temp);
        Files.writeString(temp.resolve("tales.txt"), "once ".repeat(200_000));
        String java = ProcessHandle.current().info().command().orElse("java");
        Process process =
                new ProcessBuilder(
                                "sh",
                                "-c",
                                "ulimit -f 600; exec \"$0\" -cp \"$1\" \"$2\" \"$3\"",
                                java,
                                System.getProperty("java.class.path"),
                                FullDiskTest.class.getName(),
                                temp.toString())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        assertThat(out)
                .contains("tales.spool: can't be written (", "free some space", "nothing is left");
        try (Stream<Path> left = Files.list(temp)) {
            assertThat(left.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("tales.txt", "tokenizer.json");
        }
    }
}
