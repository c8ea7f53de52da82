package ai.llm360.common.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.chat.Message.Role;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Templates, masks and splits on a small tokenizer that knows their marks. */
class ChatTemplateTest {

    @TempDir Path directory;
    private Tokenizer tokenizer;

    @BeforeEach
    void open() throws IOException {
        tokenizer =
                Tokenizer.open(
                        TinyTokenizer.llama()
                                .words("USER:", "ASSISTANT:")
                                .specialTokens(
                                        "<|im_start|>",
                                        "<|im_end|>",
                                        "<|sys_start|>",
                                        "<|sys_end|>")
                                .writeJson(directory));
    }

    @AfterEach
    void close() {
        tokenizer.close();
    }

    /** Returns messages, the system's first where a text begins with {@code !}. */
    private static List<Message> messages(String... texts) {
        List<Message> messages = new ArrayList<>();
        Role next = Role.USER;
        for (String text : texts) {
            boolean system = text.startsWith("!");
            messages.add(
                    new Message(system ? Role.SYSTEM : next, system ? text.substring(1) : text));
            if (!system) {
                next = next == Role.USER ? Role.ASSISTANT : Role.USER;
            }
        }
        return messages;
    }

    /** Returns the tokens parted by blanks, labelled ones in brackets. */
    private String shown(LabelledIds text) {
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < text.ids().length; i++) {
            String token = letter(tokenizer.token(text.ids()[i]));
            shown.append(i == 0 ? "" : " ").append(text.labels()[i] ? "[" + token + "]" : token);
        }
        return shown.toString();
    }

    /** A byte below 128 is a letter. */
    private static String letter(String token) {
        return token.matches("<0x[0-7].>")
                ? Character.toString(Integer.parseInt(token.substring(3, 5), 16))
                : token;
    }

    private String encoded(String template, String... texts) {
        return shown(ChatTemplate.named(template).encode(tokenizer, messages(texts)));
    }

    @Test
    void behind_an_end_token_vicuna_has_no_space_and_its_legacy_form_has_one() {
        assertThat(encoded("vicuna", "!x", "a", "b", "c", "d"))
                .endsWith(
                        "▁USER: ▁ a ▁ASSISTANT: [▁] [b] [</s>] U S E R : ▁ c ▁ASSISTANT: [▁] [d]"
                                + " [</s>]");
        assertThat(encoded("vicuna_legacy", "!x", "a", "b", "c", "d"))
                .endsWith("[</s>] ▁USER: ▁ c ▁ASSISTANT: [▁] [d] [</s>]");
    }

    @Test
    void crystalchat_puts_nothing_around_its_special_tokens() {
        assertThat(encoded("crystalchat", "!x", "a", "b", "c", "d"))
                .isEqualTo(
                        "<s> <|sys_start|> ▁ x <|sys_end|> <|im_start|> ▁ a <|im_end|> [▁] [b]"
                                + " <|im_start|> ▁ c <|im_end|> [▁] [d] [</s>]");
    }

    @Test
    void a_document_is_learned_from_its_beginning_token_on() {
        LabelledIds document =
                ChatTemplate.named("crystalchat")
                        .encode(tokenizer, List.of(new Message(Role.ASSISTANT, "t")));
        assertThat(document.labelCount()).isEqualTo(document.ids().length);
        assertThat(shown(document)).startsWith("[<s>]").endsWith("[</s>]");
    }

    @Test
    void ambersafes_question_and_answer_are_encoded_each_alone_without_bos() {
        assertThat(encoded("amber_safe", "ab", "c")).endsWith("b [▁] [c] [</s>]");
        assertThat(encoded("amber_safe", "ab", "c")).startsWith("▁ a");
    }

    @Test
    void words_that_spell_a_special_token_stay_words() {
        String words = "</s><s><unk><|im_start|>";
        for (String name : List.of("vicuna", "vicuna_legacy", "crystalchat", "amber_safe")) {
            ChatTemplate template = ChatTemplate.named(name);
            long[] plain = template.prompt(tokenizer, messages("q"));
            long[] odd = template.prompt(tokenizer, messages(words));
            assertThat(specials(odd)).as(name).isEqualTo(specials(plain));
            assertThat(tokenizer.decode(odd)).as(name).contains(words);
        }
    }

    private List<Long> specials(long[] ids) {
        List<Long> specials = new ArrayList<>();
        for (long id : ids) {
            if (tokenizer.textBytes(id) == 0) {
                specials.add(id);
            }
        }
        return specials;
    }

    @Test
    void half_of_a_surrogate_pair_does_not_move_the_labels() {
        assertThat(encoded("vicuna", "!x", "\ud83d", "b")).endsWith("▁ASSISTANT: [▁] [b] [</s>]");
    }

    @Test
    void a_prompt_ends_where_the_answer_begins() {
        for (String name : ChatTemplate.names()) {
            ChatTemplate template = ChatTemplate.named(name);
            String prompt = template.render(messages("q"), true);
            assertThat(tokenizer.decodeVerbatim(template.prompt(tokenizer, messages("q"))))
                    .as(name)
                    .contains("q");
            assertThat(template.render(messages("q", "a"), false)).as(name).startsWith(prompt);
        }
        assertThat(ChatTemplate.named("crystalchat").stops()).containsExactly("<|im_start|>");
    }

    @Test
    void messages_that_a_template_has_no_form_for_are_refused() {
        ChatTemplate vicuna = ChatTemplate.named("vicuna");
        List<Message> twice = List.of(new Message(Role.USER, "a"), new Message(Role.USER, "b"));
        assertThatThrownBy(() -> vicuna.render(twice, true))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("message 1 is the user's like the one before");
        assertThatThrownBy(() -> vicuna.prompt(tokenizer, messages("q", "a")))
                .hasMessageContaining("the last message is the assistant's");
        assertThatThrownBy(() -> vicuna.render(List.of(), true))
                .hasMessageContaining("without a message");
        assertThatThrownBy(() -> ChatTemplate.named("amber_safe").render(messages("!s", "q"), true))
                .hasMessageContaining("no place for a system message");
        assertThatThrownBy(
                        () ->
                                ChatTemplate.named("amber_safe")
                                        .render(messages("a", "b", "c"), true))
                .hasMessageContaining("one question and one answer");
        assertThatThrownBy(() -> ChatTemplate.named("vicunia"))
                .hasMessageContaining("no template 'vicunia': there are [vicuna,");
        assertThatThrownBy(
                        () -> ChatTemplate.named("one_shot").encode(tokenizer, messages("q", "a")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("one_shot is for prompts");
    }

    @Test
    void a_tokenizer_that_lacks_a_templates_token_is_refused() throws IOException {
        try (Tokenizer plain = Tokenizer.open(TinyTokenizer.llama().writeModel(directory))) {
            assertThatThrownBy(() -> ChatTemplate.named("crystalchat").prompt(plain, messages("q")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("crystalchat needs the token <|sys_start|>");
        }
    }

    @Test
    void fastchats_mask_discards_what_its_count_fails_on() {
        ChatTemplate vicuna = ChatTemplate.named("vicuna_legacy");
        List<List<Message>> lost =
                List.of(
                        messages("a", "b </s> c"),
                        messages("a ASSISTANT: b", "c"),
                        messages("a", "b", "", "c"));
        for (List<Message> messages : lost) {
            assertThat(ChatMask.FASTCHAT.encode(vicuna, tokenizer, messages, 1000).labelCount())
                    .as("%s", messages)
                    .isZero();
            assertThat(ChatMask.EXACT.encode(vicuna, tokenizer, messages, 1000).labelCount())
                    .isPositive();
        }
        assertThatThrownBy(
                        () ->
                                ChatMask.FASTCHAT.encode(
                                        ChatTemplate.named("crystalchat"),
                                        tokenizer,
                                        messages("a", "b"),
                                        100))
                .hasMessageContaining("the mask fastchat is for the template vicuna");
    }

    @Test
    void an_answer_that_is_cut_is_learned_as_far_as_it_goes() {
        ChatTemplate vicuna = ChatTemplate.named("vicuna_legacy");
        List<Message> messages = messages("!x", "a", "b", "c", "dddddddd");
        int length = vicuna.encode(tokenizer, messages).ids().length;
        for (ChatMask mask : ChatMask.values()) {
            LabelledIds cut = mask.encode(vicuna, tokenizer, messages, length - 4);
            assertThat(shown(cut)).as(mask.label()).endsWith("▁ASSISTANT: [▁] [d] [d] [d] [d] [d]");
        }
    }
}
