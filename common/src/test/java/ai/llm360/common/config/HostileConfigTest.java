package ai.llm360.common.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.llm360.io.internal.testing.Mutations;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Configurations of a few hundred bytes that mean more than a memory holds, or themselves. */
@Timeout(60)
class HostileConfigTest {

    @TempDir Path folder;

    /** Lists that each hold the one before twice: 2^24 texts in 593 bytes. */
    private static String bomb(int levels) {
        return "a0: &a0 [x, x]\n"
                + IntStream.range(1, levels)
                        .mapToObj(i -> "a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1))
                        .collect(Collectors.joining());
    }

    @Test
    void aliases_that_multiply_are_counted_not_followed() throws IOException {
        refuses(bomb(25), "stands for more than 100000 values");
        refuses(bomb(25) + "? *a24\n: 1\n", "stands for more than 100000 values");
        refuses("a: &a [x]\nb: [" + "*a, ".repeat(60_000) + "x]", "values");
    }

    @Test
    void a_document_that_holds_itself_is_refused() throws IOException {
        refuses("a: &a [*a]", "an alias of itself");
        refuses("a: &a {b: [*a]}", "an alias of itself");
        refuses("? &a [*a]\n: 1", "an alias of itself");
        refuses("&a {*a : 1}", "an alias of itself");
    }

    @Test
    void nesting_ends_at_64_levels() throws IOException {
        refuses("a: " + "[".repeat(100_000), "nested deeper than 64 levels");
        refuses("a: " + "{b: ".repeat(100_000), "nested deeper than 64 levels");
        refuses("- ".repeat(100_000) + "x", "nested deeper than 64 levels");
        refuses("? ".repeat(100_000) + "x", "nested deeper than 64 levels");
        // Each anchor is shallow; what it stands for isn't.
        String deep =
                "a0: &a0 [x]\n"
                        + IntStream.range(1, 40)
                                .mapToObj(i -> "a%d: &a%d [[*a%d]]\n".formatted(i, i, i - 1))
                                .collect(Collectors.joining());
        refuses(deep, "nested deeper than 64 levels");
        assertThat(ConfigTree.parse("a: " + "[".repeat(60) + "]".repeat(60)).get("a")).isPresent();
    }

    @Test
    void numbers_of_thousands_of_digits_are_not_computed() throws IOException {
        refuses("a: " + "9".repeat(2_000_000), "number");
        refuses("a: -" + "9".repeat(200_000), "number");
        refuses("a: 0x" + "f".repeat(200_000), "number");
        refuses("a: 1e" + "9".repeat(200_000), "number");
        refuses("a: 0." + "1".repeat(200_000), "number");
        assertThat(ConfigTree.parse("a: '" + "9".repeat(5000) + "'").get("a")).isPresent();
        assertThat(ConfigTree.parse("a: " + "word ".repeat(5000)).get("a")).isPresent();
    }

    @Test
    void errors_stay_short_and_free_of_control_characters() throws IOException {
        String key = "\\u001b[31m" + "x".repeat(100_000);
        refuses("? \"" + key + "\"\n: 1\n? \"" + key + "\"\n: 2", "duplicate key");
        refuses("a: \"\\ud800\"", "a is '\\ud800', which holds half of a surrogate pair");
        refuses("a: 12345678901234567890123", "a number within 64 bits");
        refuses("? [" + "x, ".repeat(5_000) + "x]\n: 1", "Non scalar key");
        refuses("a: !!java/object \"" + key + "\"", "");
        refuses("a: *" + "x".repeat(200_000), "");
        refuses("\u0000", "");
    }

    @Test
    void a_damaged_recipe_is_read_or_refused() throws IOException {
        byte[] good =
                """
                model: {layers: 2, hidden: &h 64, names: [a, "b\\n", 'c']}
                batch:
                  micro: 4 # a comment
                  rate: 3e-4
                text: |
                  lines
                  of text
                again: *h
                """
                        .getBytes(StandardCharsets.UTF_8);
        Random random = new Random(31);
        int read = 0;
        for (int i = 0; i < Mutations.cases(4000); i++) {
            byte[] bad = i % 2 == 0 ? Mutations.bytes(good, random) : Mutations.json(good, random);
            try {
                ConfigTree tree = ConfigTree.parse(new String(bad, StandardCharsets.UTF_8));
                assertThat(ConfigTree.parse(tree.toYaml())).isEqualTo(tree);
                read++;
            } catch (ConfigException e) {
                assertThat(e.getMessage()).hasSizeLessThan(1000);
            } catch (RuntimeException | Error e) {
                throw new AssertionError(HexFormat.of().formatHex(bad), e);
            }
        }
        assertThat(read).isBetween(Mutations.cases(500), Mutations.cases(3500));
    }

    private void refuses(String yaml, String problem) throws IOException {
        Path file = folder.resolve("recipe.yaml");
        Files.deleteIfExists(file);
        Files.writeString(file, yaml);
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> ConfigTree.read(file))
                .withMessageStartingWith(file + ": ")
                .withMessageContaining(problem)
                .satisfies(
                        e ->
                                assertThat(e.getMessage())
                                        .hasSizeLessThan(1000)
                                        .doesNotContain("\u001b", "\u0000"));
    }
}
