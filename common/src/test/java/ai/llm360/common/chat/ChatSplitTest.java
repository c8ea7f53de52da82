package ai.llm360.common.chat;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.chat.Message.Role;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Long conversations, parted. A message of n letters has n + 1 tokens and counts n + 8. */
class ChatSplitTest {

    private static final ChatTemplate CRYSTAL = ChatTemplate.named("crystalchat");

    @TempDir Path directory;
    private Tokenizer tokenizer;

    @BeforeEach
    void open() throws IOException {
        tokenizer =
                Tokenizer.open(
                        TinyTokenizer.llama()
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

    private static Conversation conversation(int... lengths) {
        List<Message> messages = new ArrayList<>();
        for (int length : lengths) {
            Role role = messages.size() % 2 == 0 ? Role.USER : Role.ASSISTANT;
            messages.add(new Message(role, "x".repeat(length)));
        }
        return new Conversation("c", messages);
    }

    private String parts(ChatSplit split, Conversation conversation, int most) {
        return split.split(conversation, CRYSTAL, tokenizer, most).stream()
                .map(part -> part.id() + ":" + part.messages().size())
                .collect(Collectors.joining(" "));
    }

    @Test
    void fastchat_parts_where_its_count_of_tokens_is_full() {
        Conversation even = conversation(2, 2, 2, 2, 2, 2); // 20 a pair
        assertThat(parts(ChatSplit.FASTCHAT, even, 60)).isEqualTo("c_0:6");
        assertThat(parts(ChatSplit.FASTCHAT, conversation(2, 2, 2, 2, 2, 2, 2, 2), 40))
                .isEqualTo("c_0:4 c_4:4");
    }

    @Test
    void fastchat_loses_the_last_pair_where_it_overflows() {
        assertThat(parts(ChatSplit.FASTCHAT, conversation(2, 2, 2, 2, 2, 2), 40))
                .isEqualTo("c_0:4");
        assertThat(parts(ChatSplit.FASTCHAT, conversation(2, 2, 2, 2), 20)).isEqualTo("c_0:2");
    }

    @Test
    void fastchat_begins_with_an_empty_part_where_the_first_pair_is_too_long() {
        // The empty one is dropped; the pair that is too long is kept, as others follow.
        assertThat(parts(ChatSplit.FASTCHAT, conversation(99, 2, 2, 2, 2, 2), 40))
                .isEqualTo("c_0:2 c_2:4");
        assertThat(parts(ChatSplit.FASTCHAT, conversation(99, 2), 40)).isEmpty();
    }

    @Test
    void fastchat_drops_a_question_without_an_answer_and_turns_that_do_not_alternate() {
        assertThat(parts(ChatSplit.FASTCHAT, conversation(2, 2, 2), 60)).isEqualTo("c_0:2");
        Conversation twice =
                new Conversation(
                        "c", List.of(new Message(Role.USER, "a"), new Message(Role.USER, "b")));
        assertThat(parts(ChatSplit.FASTCHAT, twice, 60)).isEmpty();
    }

    @Test
    void pairs_lose_nothing_and_fit() {
        List<Message> messages = new ArrayList<>(List.of(new Message(Role.SYSTEM, "s")));
        messages.addAll(conversation(9, 2, 30, 1, 2, 2, 2, 9, 5, 5).messages());
        Conversation conversation = new Conversation("c", messages);
        int most = 40;
        List<Conversation> parts = ChatSplit.PAIRS.split(conversation, CRYSTAL, tokenizer, most);
        List<Message> together = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            List<Message> part = parts.get(i).messages();
            assertThat(part.get(0).text()).isEqualTo("s");
            assertThat(part.size() % 2).isEqualTo(1);
            int length = CRYSTAL.encode(tokenizer, part).ids().length;
            assertThat(length <= most || part.size() == 3).isTrue();
            if (i + 1 < parts.size()) { // the next pair wouldn't have fitted
                List<Message> more = new ArrayList<>(part);
                more.addAll(parts.get(i + 1).messages().subList(1, 3));
                assertThat(CRYSTAL.encode(tokenizer, more).ids().length).isGreaterThan(most);
            }
            together.addAll(part.subList(1, part.size()));
        }
        assertThat(together).isEqualTo(messages.subList(1, messages.size()));
        assertThat(parts.size()).isGreaterThan(2);
    }

    @Test
    void what_fits_is_left_as_it_is() {
        assertThat(parts(ChatSplit.PAIRS, conversation(2, 2), 1000)).isEqualTo("c:2");
        assertThat(parts(ChatSplit.NONE, conversation(2, 2, 2, 2), 10)).isEqualTo("c:4");
    }
}
