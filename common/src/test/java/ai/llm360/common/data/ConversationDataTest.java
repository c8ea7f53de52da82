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

    /** Of one question and answer of a letter each, with a system message of one letter. */
    private static final int SHORT = 16;

    @TempDir Path directory;
    private Path target;

    @BeforeEach
    void writeTokenizer() throws IOException {
        Files.createDirectory(directory.resolve("tokenizer"));
        TinyTokenizer.llama().words("USER:", "ASSISTANT:").writeJson(directory.resolve("tokenizer"));
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
                Optional.empty(),
                ChatTemplate.named("vicuna"),
                ChatMask.EXACT,
                split,
                packing);
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
                        "<s> S USER: q ASSISTANT:[ a</s>]........",
                        "<s> S USER: a ASSISTANT:[ b</s>]USER: c ");
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
}
