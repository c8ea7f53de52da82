package ai.llm360.common.chat;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts and answers as ids. A text of n letters has n + 1 tokens: the tokenizer's space. */
class PreferenceRuleTest {

    @TempDir Path directory;
    private Tokenizer tokenizer;

    @BeforeEach
    void open() throws IOException {
        tokenizer = Tokenizer.open(TinyTokenizer.llama().words("pc").writeJson(directory));
    }

    @AfterEach
    void close() {
        tokenizer.close();
    }

    private String separate(String prompt, String chosen, String rejected, boolean keepsEnd) {
        return PreferenceRule.SEPARATE_NO_BOS
                .encode(new Preference(prompt, chosen, rejected), tokenizer, 10, 4, keepsEnd)
                .map(rows -> shown(rows.chosen()) + " / " + shown(rows.rejected()))
                .orElse("left out");
    }

    private String joint(String prompt, String chosen, String rejected) {
        return PreferenceRule.JOINT_BOS
                .encode(new Preference(prompt, chosen, rejected), tokenizer, 6, 1, false)
                .map(rows -> shown(rows.chosen()) + " / " + shown(rows.rejected()))
                .orElse("left out");
    }

    /** Joins the tokens; a bar is where the labels begin. */
    private String shown(LabelledIds text) {
        int prompt = text.ids().length - text.labelCount();
        assertThat(Arrays.toString(Arrays.copyOf(text.labels(), prompt))).doesNotContain("true");
        return part(text.ids(), 0, prompt) + "|" + part(text.ids(), prompt, text.ids().length);
    }

    private String part(long[] ids, int from, int to) {
        return Arrays.stream(ids, from, to)
                .mapToObj(tokenizer::token)
                .map(
                        token ->
                                token.startsWith("<0x")
                                        ? tokenizer.decode(259, 259, id(token))
                                        : token)
                .map(String::strip)
                .collect(Collectors.joining());
    }

    private long id(String token) {
        return tokenizer.id(token).orElseThrow();
    }

    @Test
    void the_reference_encodes_each_text_alone_without_bos() {
        assertThat(separate("ab", "x", "yz", false)).isEqualTo("▁ab|▁x</s> / ▁ab|▁yz</s>");
    }

    @Test
    void what_does_not_fit_is_cut_from_the_prompt_first() {
        assertThat(separate("abcdef", "x", "yz", false)).isEqualTo("▁abc|▁x</s> / ▁abc|▁yz</s>");
        assertThat(separate("abcdef", "x", "yz", true)).isEqualTo("cdef|▁x</s> / cdef|▁yz</s>");
        assertThat(separate("abcde", "x", "yz", true)).isEqualTo("▁abcde|▁x</s> / ▁abcde|▁yz</s>");
    }

    @Test
    void then_from_both_answers() {
        assertThat(separate("ab", "x", "uvwxyzuvw", false)).isEqualTo("▁ab|▁x</s> / ▁ab|▁uvwxy");
        assertThat(separate("abcdef", "uvwxyzuvw", "uvwxyz", false))
                .isEqualTo("▁abc|▁uvwxy / ▁abc|▁uvwxy");
    }

    @Test
    void trl_encodes_prompt_and_answer_together_behind_bos() {
        assertThat(joint("a", "x", "yy")).isEqualTo("<s>▁a|x</s> / <s>▁a|yy</s>");
        // The prompt alone is one token, "▁p", and with the answer "▁pc": nothing of it is left.
        assertThat(joint("p", "c", "x")).isEqualTo("<s>▁pc|</s> / <s>▁p|x</s>");
    }

    @Test
    void trl_cuts_the_end_and_leaves_out_prompts_without_room() {
        assertThat(joint("ab", "xyz", "x")).isEqualTo("<s>▁ab|xy / <s>▁ab|x</s>");
        assertThat(joint("abcd", "x", "y")).isEqualTo("left out");
    }
}
