package ai.llm360.common.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.config.ConfigTree.Difference;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigTreeTest {

    @TempDir Path temp;

    @ParameterizedTest
    @CsvSource({"3e-4, 3e-4", "1E6, 1e6", ".5, 0.5", "-1.25, -1.25", "-.inf, -Infinity"})
    void numbers_with_a_point_or_exponent_are_decimal(String text, double number) {
        assertThat(ConfigTree.parse("x: " + text).get("x")).contains(number);
    }

    @Test
    void scalars_are_those_of_the_core_schema() {
        ConfigTree tree =
                ConfigTree.parse("{a: no, b: true, c: 12, d: 0x10, e: ~, f: '12', g: 12:30}");
        assertThat(tree.asMap())
                .containsEntry("a", "no")
                .containsEntry("b", true)
                .containsEntry("c", 12L)
                .containsEntry("d", 16L)
                .containsEntry("e", null)
                .containsEntry("f", "12")
                .containsEntry("g", "12:30");
    }

    @Test
    void reads_json_with_tabs_and_escapes() throws IOException {
        Path file = temp.resolve("config.json");
        Files.writeString(
                file, "{\n\t\"a\": {\n\t\t\"b\": [1, 2.5, null],\t\"c\": \"\\ud83d\\ude00\\/\"}}");
        ConfigTree tree = ConfigTree.read(file);
        assertThat(tree.get("a.b")).contains(Arrays.asList(1L, 2.5, null));
        assertThat(tree.get("a.c")).contains("\ud83d\ude00/");
        assertThat(ConfigTree.parse(tree.toJson())).isEqualTo(tree);
    }

    @Test
    void an_empty_document_is_an_empty_map() {
        assertThat(ConfigTree.parse("# nothing yet\n").asMap()).isEmpty();
    }

    @Test
    void an_assignment_replaces_adds_and_leaves_the_rest() {
        ConfigTree tree = ConfigTree.parse("batch: {global: 8, micro: 2}\nnames: [a, b]\n");
        ConfigTree changed =
                tree.with("batch.micro=4")
                        .with("optimizer.groups=[{match: '.*', lr_scale: 0.5}]")
                        .with("optimizer.groups.0.lr_scale=1e-1")
                        .with("names.2=c")
                        .with("names.0 = 'no = yes'");
        assertThat(changed.asMap())
                .isEqualTo(
                        Map.of(
                                "batch", Map.of("global", 8L, "micro", 4L),
                                "names", List.of("no = yes", "b", "c"),
                                "optimizer",
                                        Map.of(
                                                "groups",
                                                List.of(Map.of("match", ".*", "lr_scale", 0.1)))));
        assertThat(tree.get("batch.micro")).contains(2L);
        assertThat(tree.get("names")).contains(List.of("a", "b"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "batch.micro | 'batch.micro' is no assignment; expected one such as batch.micro=4",
                "=4 | '=4' is no assignment; expected one such as batch.micro=4",
                "a..b=1 | 'a..b' is no path; expected keys with dots between",
                "seed.x=1 | seed is 5, which has no 'x' (in 'seed.x=1')",
                "names.4=x | names is a list of 1; expected an index from 0 to 1, not '4'",
                "names.x=x | names is a list of 1; expected an index from 0 to 1, not 'x'",
                "a=[1 | neither YAML nor JSON",
            })
    void an_assignment_that_can_not_be_done_says_why(String assignment, String problem) {
        ConfigTree tree = ConfigTree.parse("{seed: 5, names: [a]}");
        assertThatThrownBy(() -> tree.with(assignment))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void yaml_is_read_back_equal_whatever_it_holds() {
        Map<String, Object> values = new LinkedHashMap<>();
        List<String> texts =
                List.of(
                        "",
                        " ",
                        "no",
                        "null",
                        "~",
                        "12",
                        "1e5",
                        "0x1f",
                        "a: b",
                        "# c",
                        "- d",
                        "[e",
                        "'",
                        "\"",
                        "\\",
                        "two\nlines\n",
                        "tab\there",
                        "true",
                        ".inf",
                        "&x",
                        "*x",
                        "!t",
                        "%",
                        "@",
                        "ä\u2028\ud83d\ude00",
                        "\u0007",
                        "x".repeat(300),
                        "a b " + "c ".repeat(200));
        texts.forEach(text -> values.put(text + "?", text));
        for (double number : new double[] {1, 0.1, 1e-8, 3e-4, 1e22, Double.MIN_VALUE, -0.0}) {
            values.put("d" + number, number);
        }
        values.put("odd numbers", List.of(Double.NaN, 1 / 0.0, -1 / 0.0, Double.MAX_VALUE));
        values.put("whole", List.of(0, Long.MAX_VALUE, Long.MIN_VALUE));
        values.put("nested", List.of(List.of(), Map.of(), List.of(Map.of("a", List.of(1, "2")))));
        values.put("null", null);
        ConfigTree tree = ConfigTree.parse("").with("all", values);
        assertThat(ConfigTree.parse(tree.toYaml())).isEqualTo(tree);
        assertThat(ConfigTree.parse(tree.toYaml()).toYaml()).isEqualTo(tree.toYaml());
    }

    @Test
    void yaml_is_written_as_people_write_it() {
        String text =
                """
                name: amber
                schedule:
                  peak: 3e-4
                  warmup: 2000
                betas: [0.9, 0.95]
                groups:
                  - match: .*norm\\.weight
                    weight_decay: 0.0
                  - match: .*
                    weight_decay: 0.1
                none: {}
                rope_scaling: null
                """;
        assertThat(ConfigTree.parse(text).toYaml()).isEqualTo(text);
    }

    @Test
    void differences_are_listed_by_path() {
        ConfigTree before = ConfigTree.parse("{a: {b: 1, c: 2.0, d: [1, 2]}, e: x, n: ~}");
        ConfigTree after = ConfigTree.parse("{f: new, a: {b: 3, c: 2, d: [1, 2.0]}}");
        assertThat(before.differences(after))
                .containsExactly(
                        new Difference("a.b", 1L, 3L),
                        new Difference("e", "x", null),
                        new Difference("f", null, "new"));
        assertThat(before.differences(before)).isEmpty();
        assertThat(new Difference("a", 3e-4, Map.of("b", List.of("no", "1"))))
                .hasToString("a: 3e-4 → {b: [no, '1']}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[1, 2]",
                "text",
                "a: 1\na: 2",
                "a: {b",
                "a: &x [*x]",
                "1: one",
                "a: 99999999999999999999",
                "a: !!binary aGVsbG8=",
                "a: 1\n---\nb: 2"
            })
    void a_document_that_is_no_configuration_is_refused_with_its_files_name(String text)
            throws IOException {
        Path file = Files.writeString(temp.resolve("broken.yaml"), text);
        assertThatThrownBy(() -> ConfigTree.read(file))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(file + ": ")
                .message()
                .doesNotContain("\n");
    }

    @Test
    void a_file_that_is_no_text_is_refused() throws IOException {
        Path file = Files.write(temp.resolve("x.yaml"), "a: ä".getBytes(StandardCharsets.UTF_16));
        assertThatThrownBy(() -> ConfigTree.read(file))
                .isInstanceOf(ConfigException.class)
                .hasMessage(file + ": is not UTF-8 text");
    }

    @Test
    void a_part_that_another_record_describes_can_be_left_out() {
        ConfigTree tree = ConfigTree.parse("a: 1\nprepare: {b: 2}\nc: 3\n");
        assertThat(tree.without("prepare").toYaml()).isEqualTo("a: 1\nc: 3\n");
        assertThat(tree.without("absent")).isEqualTo(tree);
    }
}
