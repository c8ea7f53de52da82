package ai.llm360.analysis.task;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;

/** Expected values are CPython's. */
class PythonTextTest {

    @Test
    void white_space_is_unicodes_and_the_separators() {
        assertThat(PythonText.strip("\u3000\u00a0 a b\u2009\u001c\n")).isEqualTo("a b");
        assertThat(PythonText.rstrip("a\u200b")).isEqualTo("a\u200b"); // of no width, and no space
        assertThat(PythonText.lstrip(" \u0085a ")).isEqualTo("a ");
    }

    @Test
    void capitalize_lowers_the_rest() {
        assertThat(PythonText.capitalize("he met ANNA in Rome")).isEqualTo("He met anna in rome");
        assertThat(PythonText.capitalize("\u00dfA\u03a3")).isEqualTo("Ssa\u03c2");
        assertThat(PythonText.capitalize("\u01c4X")).isEqualTo("\u01c5x"); // title case, not upper
        assertThat(PythonText.capitalize("")).isEmpty();
    }

    @Test
    void length_counts_code_points_and_words_count_runs_of_blanks() {
        assertThat(PythonText.length("a\ud83d\ude00")).isEqualTo(2);
        assertThat(PythonText.words(" one  two\u00a0three")).isEqualTo(4); // an empty one before
    }

    @Test
    void json_is_written_as_python_writes_it() {
        String json =
                "{\"b\": [1, true, null, {}, []], \"a\":"
                        + " \"\\u00e9\\ud83d\\ude00\\u007f\\u0001\\\"\"}";
        assertThat(PythonJson.sorted(JsonParser.parseString(json)))
                .isEqualTo(
                        "{\"a\": \"\\u00e9\\ud83d\\ude00\\u007f\\u0001\\\"\", \"b\": [1, true,"
                                + " null, {}, []]}");
        assertThat(
                        PythonJson.indented(
                                JsonParser.parseString("{\"b\": [1, \"\u00e9\"], \"a\": {}}")))
                .isEqualTo("{\n  \"b\": [\n    1,\n    \"\u00e9\"\n  ],\n  \"a\": {}\n}");
    }
}
