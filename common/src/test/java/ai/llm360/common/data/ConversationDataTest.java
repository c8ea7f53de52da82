package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.chat.ChatMask;
import ai.llm360.common.chat.ChatSplit;
import ai.llm360.common.chat.ChatTemplate;
import ai.llm360.common.chat.Packing;
import ai.llm360.common.chat.PreferenceRule;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data sets of conversations and preferences, read back row by row. */
class ConversationDataTest {

    @TempDir Path directory;
    private Path target;

    @BeforeEach
    void writeTokenizer() throws IOException {
        Files.createDirectory(directory.resolve("tokenizer"));
        TinyTokenizer.llama()
                .words("USER:", "ASSISTANT:")
                .writeJson(directory.resolve("tokenizer"));
        target = directory.resolve("data");
    }

    private Path file(String name, String... lines) throws IOException {
        return Files.write(directory.resolve(name), List.of(lines));
    }

    private ConversationData.Builder data(ChatRules rules, int rowLength, Path... files) {
        return ConversationData.builder()
                .setFiles(List.of(files))
                .setRules(rules)
                .setTokenizer(directory.resolve("tokenizer"))
                .setRowLength(rowLength)
                .setTarget(target);
    }

    private static ConversationRules vicuna(ChatSplit split, Packing packing) {
        return new ConversationRules(
                Optional.empty(), ChatTemplate.named("vicuna"), ChatMask.EXACT, split, packing);
    }

    /** Returns a conversation of one-letter messages as a line. */
    private static String line(String letters) {
        List<String> messages = new ArrayList<>();
        messages.add("{\"role\": \"system\", \"content\": \"S\"}");
        for (int i = 0; i < letters.length(); i++) {
            messages.add(
                    "{\"role\": \"%s\", \"content\": \"%s\"}"
                            .formatted(i % 2 == 0 ? "user" : "assistant", letters.charAt(i)));
        }
        return "{\"messages\": [" + String.join(", ", messages) + "]}";
    }

    /** Returns the rows as text, what is learned in brackets and padding as dots. */
    private List<String> rows() throws IOException {
        try (TokenDataset dataset = TokenDataset.open(target);
                TokenChunk chunk = dataset.openChunk(0)) {
            return rows(chunk);
        }
    }

    private List<String> rows(TokenChunk chunk) throws IOException {
        List<String> rows = new ArrayList<>();
        try (Tokenizer tokenizer = Tokenizer.open(target)) {
            long[] ids = new long[chunk.rowLength()];
            float[] mask = new float[ids.length - 1];
            for (long row = 0; row < chunk.rows(); row++) {
                chunk.read(row, ids, 0);
                chunk.readMask(row, mask, 0);
                StringBuilder text = new StringBuilder();
                for (int i = 0; i < ids.length; i++) {
                    String token = ids[i] == 0 ? "." : tokenizer.decodeVerbatim(259, ids[i]);
                    text.append(i > 0 && mask[i - 1] == 1 ? "[" + token + "]" : token);
                }
                rows.add(text.toString().replace("][", ""));
            }
        }
        return rows;
    }

    @Test
    void a_conversation_is_a_row_of_which_the_answers_and_their_ends_are_learned()
            throws IOException {
        ConversationManifest made =
                data(
                                vicuna(ChatSplit.NONE, Packing.NONE),
                                20,
                                file("a.jsonl", line("qa"), line("q"), line("abcd")))
                        .optEpochs(3)
                        .build()
                        .prepare();

        assertThat(rows())
                .containsExactly(
                        "<s> S USER: q ASSISTANT:[ a</s>]..........",
                        "<s> S USER: a ASSISTANT:[ b</s>]USER: c ASSISTANT:[ d]");
        assertThat(made.counts())
                .isEqualTo(
                        Map.of(
                                "conversations", 3L,
                                "without_an_answer", 1L,
                                "texts", 2L,
                                "truncated", 1L));
        assertThat(ConversationManifest.read(target)).isEqualTo(made);
        try (TokenDataset dataset = TokenDataset.open(target)) {
            assertThat(dataset.manifest().rowsPerChunk()).containsExactly(2L, 2L, 2L);
            assertThat(dataset.manifest().eosId()).isEqualTo(2);
        }
    }

    @Test
    void a_long_conversation_is_parted_between_questions() throws IOException {
        ConversationManifest made =
                data(
                                vicuna(ChatSplit.PAIRS, Packing.NONE),
                                21,
                                file("a.jsonl", line("abcdef"), line("gh")))
                        .build()
                        .prepare();

        assertThat(rows())
                .containsExactly(
                        "<s> S USER: a ASSISTANT:[ b</s>]USER: c ASSISTANT:[ d</s>]",
                        "<s> S USER: e ASSISTANT:[ f</s>]...........",
                        "<s> S USER: g ASSISTANT:[ h</s>]...........");
        assertThat(made.counts()).isEqualTo(Map.of("conversations", 2L, "texts", 3L));
    }

    @Test
    void fastchats_split_leaves_out_what_begins_with_an_answer() throws IOException {
        String answer = "{\"messages\": [{\"role\": \"assistant\", \"content\": \"x\"},";
        Path file =
                file(
                        "a.jsonl",
                        line("ab"),
                        line("cd").replace("{\"messages\": [", answer).replace("system", "user"));
        ConversationManifest made =
                data(vicuna(ChatSplit.FASTCHAT, Packing.NONE), 100, file).build().prepare();
        assertThat(made.counts())
                .isEqualTo(Map.of("conversations", 2L, "texts", 1L, "left_out_by_split", 1L));
    }

    @Test
    void packed_rows_hold_whole_conversations_that_begin_with_bos() throws IOException {
        ConversationManifest made =
                data(
                                vicuna(ChatSplit.PAIRS, Packing.BEST_FIT),
                                31,
                                file("a.jsonl", line("ab"), line("cd"), line("efgh"), line("ij")))
                        .build()
                        .prepare();

        assertThat(rows())
                .containsExactly(
                        "<s> S USER: e ASSISTANT:[ f</s>]USER: g ASSISTANT:[ h</s>]"
                                + "<s> S USER: a ASSISTANT:[ b</s>]",
                        "<s> S USER: c ASSISTANT:[ d</s>]<s> S USER: i ASSISTANT:[ j</s>]"
                                + "...........");
        assertThat(made.isPacked()).isTrue();
    }

    @Test
    void wrapped_rows_are_cut_anywhere_and_dropped_without_a_label() throws IOException {
        data(vicuna(ChatSplit.NONE, Packing.WRAP), 7, file("a.jsonl", line("ab"), line("cd")))
                .build()
                .prepare();

        // The first row would be "<s> S USER: a ASSISTANT:"; nothing predicts a row's first id.
        assertThat(rows()).containsExactly(" [b</s>]<s> S USER:", " c ASSISTANT:[ d</s>].");
    }

    @Test
    void a_template_without_bos_cannot_be_packed() throws IOException {
        ConversationRules bare =
                new ConversationRules(
                        Optional.empty(),
                        ChatTemplate.named("amber_safe"),
                        ChatMask.EXACT,
                        ChatSplit.NONE,
                        Packing.BEST_FIT);
        ConversationData data =
                data(bare, 16, file("a.jsonl", "{\"prompt\": \"a\", \"response\": \"b\"}")).build();
        assertThatThrownBy(data::prepare)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("best-fit")
                .hasMessageContaining("amber_safe");
        assertThat(target).doesNotExist();
    }

    @Test
    void conversations_are_held_out_whole_and_the_same_ones_each_time() throws IOException {
        Path file = file("a.jsonl", line("abcd"), line("efgh"), line("ijkl"), line("mnop"));
        ConversationRules rules = vicuna(ChatSplit.PAIRS, Packing.NONE);
        data(rules, 14, file).optHeldOut(0.25).optSeed(7).build().prepare();
        List<String> training = rows();
        List<String> held;
        try (TokenDataset dataset = TokenDataset.open(target);
                TokenChunk chunk = dataset.openValidation("conversations")) {
            held = rows(chunk);
        }
        assertThat(training).hasSize(6);
        assertThat(held).hasSize(2);
        char question = held.get(0).charAt(held.get(0).indexOf("USER: ") + 6);
        assertThat(held.get(1)).contains("USER: " + (char) (question + 2));

        Path first = target;
        target = directory.resolve("again");
        data(rules, 14, file).optHeldOut(0.25).optSeed(7).build().prepare();
        try (Stream<Path> files = Files.walk(first)) {
            for (Path made : files.filter(Files::isRegularFile).toList()) {
                assertThat(target.resolve(first.relativize(made))).hasSameBinaryContentAs(made);
            }
        }
    }

    @Test
    void a_pair_is_two_rows_of_which_the_answers_are_learned() throws IOException {
        ConversationManifest made =
                data(
                                PreferenceRules.amberSafe(),
                                300,
                                file("p.jsonl", pair("p", "c", "rr"), pair("q", "", "x")))
                        .build()
                        .prepare();

        assertThat(rows().stream().map(row -> row.replaceFirst("\\.+$", "")))
                .containsExactly(" p[ c</s>]", " p[ rr</s>]", " q[</s>]", " q[ x</s>]");
        assertThat(made.hasPairs()).isTrue();
        assertThat(made.counts()).isEqualTo(Map.of("pairs", 2L, "texts", 2L));
    }

    private static String pair(String prompt, String chosen, String rejected) {
        return "{\"prompt\": \"%s\", \"chosen\": \"%s\", \"rejected\": \"%s\"}"
                .formatted(prompt, chosen, rejected);
    }

    @Test
    void pairs_of_one_prompt_are_held_out_together() throws IOException {
        PreferenceRules rules =
                new PreferenceRules(Optional.empty(), PreferenceRule.JOINT_BOS, 1, false, false);
        data(
                        rules,
                        8,
                        file(
                                "p.jsonl",
                                pair("p", "a", "b"),
                                pair("q", "a", "b"),
                                pair("p", "c", "d")))
                .optHeldOut(0.5)
                .build()
                .prepare();

        List<String> all = new ArrayList<>(rows());
        int training = all.size();
        try (TokenDataset dataset = TokenDataset.open(target);
                TokenChunk chunk = dataset.openValidation("preferences")) {
            all.addAll(rows(chunk));
        }
        assertThat(all)
                .containsExactlyInAnyOrder(
                        "<s> p[a</s>]...",
                        "<s> p[b</s>]...",
                        "<s> p[c</s>]...",
                        "<s> p[d</s>]...",
                        "<s> q[a</s>]...",
                        "<s> q[b</s>]...");
        assertThat(training).isIn(2, 4);
    }

    @Test
    void targets_are_the_last_chosen_answer_of_each_prompt() throws IOException {
        data(
                        PreferenceRules.amberSafe().ofTargets(),
                        300,
                        file(
                                "p.jsonl",
                                pair("p", "a", "b"),
                                pair("q", "c", "d"),
                                pair("p", "e", "f")))
                .build()
                .prepare();

        assertThat(rows().stream().map(row -> row.replaceFirst("\\.+$", "")))
                .containsExactly(" p[ e</s>]", " q[ c</s>]");
    }

    @Test
    void what_is_wrong_with_a_file_is_said_by_line_and_field_and_nothing_is_left()
            throws IOException {
        ConversationRules rules = ConversationRules.of(ChatTemplate.named("vicuna"));
        ConversationData data =
                data(rules, 16, file("a.jsonl", line("ab"), "{\"messages\": 3}")).build();
        assertThatThrownBy(data::prepare)
                .isInstanceOf(DataException.class)
                .hasMessageContaining("a.jsonl:2")
                .hasMessageContaining("'messages' is 3; expected a list");
        ConversationData nothing = data(rules, 16, file("b.jsonl", line("a"))).build();
        assertThatThrownBy(nothing::prepare)
                .isInstanceOf(DataException.class)
                .hasMessageContaining("nothing to learn")
                .hasMessageContaining("without_an_answer=1");
        assertThat(target).doesNotExist();
    }
}
