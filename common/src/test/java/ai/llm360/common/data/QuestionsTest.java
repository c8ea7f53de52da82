package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.chat.Conversation;
import ai.llm360.common.chat.Message;
import ai.llm360.common.data.QuestionRecipe.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Conversations that are made of documents. */
class QuestionsTest {

    @TempDir Path directory;

    private static Source source(String path, String pattern, List<String> questions) {
        return new Source(
                "words",
                Optional.ofNullable(path),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.ofNullable(pattern),
                questions,
                pattern == null ? "Hello." : "$2.");
    }

    private Questions read(int turns, int rounds, Source... sources) throws IOException {
        QuestionRecipe recipe = new QuestionRecipe(List.of(sources), turns, rounds);
        return Questions.read(recipe, directory, Optional.empty());
    }

    private static List<String> texts(List<Conversation> conversations) {
        List<String> texts = new ArrayList<>();
        for (Conversation conversation : conversations) {
            List<String> messages = conversation.messages().stream().map(Message::text).toList();
            for (int i = 0; i < messages.size(); i += 2) {
                texts.add(messages.get(i) + " " + messages.get(i + 1));
            }
        }
        return texts;
    }

    @Test
    void each_place_is_asked_about_once_a_round_in_words_that_change() throws IOException {
        Files.writeString(directory.resolve("words"), "oak: a tree; fox: an animal\noak: a wood\n");
        Source words =
                source("words", "(?m)(?<=^|; )(\\w+): ([^;\n]+)(?=;|$)", List.of("$1?", "And $1?"));
        List<Conversation> made =
                read(2, 8, words, source(null, null, List.of("Hi", "Ho"))).training(0, 3);
        assertThat(made).hasSize(2 * 8).allMatch(one -> one.messages().size() == 4);
        List<String> texts = texts(made);
        assertThat(new TreeSet<>(texts))
                .containsExactly(
                        "And fox? an animal.",
                        "And oak? a tree.", // the first of its answers
                        "Hi Hello.",
                        "Ho Hello.",
                        "fox? an animal.",
                        "oak? a tree.");
        assertThat(texts).filteredOn(text -> text.contains("oak")).hasSize(8);
        assertThat(texts).filteredOn("Hi Hello."::equals).hasSize(8);
    }

    @Test
    void what_is_held_out_is_never_trained_on_in_any_words() throws IOException {
        StringBuilder text = new StringBuilder();
        for (char c = 'a'; c <= 'z'; c++) {
            text.append(c).append(": x\n");
        }
        Files.writeString(directory.resolve("words"), text);
        Source words = source("words", "(\\w): (x)", List.of("$1?", "And $1?", "What is $1?"));
        Questions questions = read(3, 20, words, source(null, null, List.of("Hi")));
        List<String> held = texts(questions.heldOut(0.25, 7));
        assertThat(held).hasSize(7).doesNotContain("Hi Hello.");
        for (String one : held) {
            String letter = one.substring(one.indexOf('?') - 1, one.indexOf('?') + 1);
            assertThat(texts(questions.training(0.25, 7)))
                    .noneMatch(trained -> trained.contains(letter));
        }
        assertThat(questions.training(0.25, 7)).isEqualTo(questions.training(0.25, 7));
        assertThat(questions.training(0.25, 8)).isNotEqualTo(questions.training(0.25, 7));
    }

    @Test
    void what_cannot_be_asked_is_refused() throws IOException {
        Files.writeString(directory.resolve("words"), "nothing");
        assertThatThrownBy(() -> read(1, 1, source("words", "(a)(b)", List.of("$1"))))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("source 'words': the pattern matches nowhere");
        assertThatThrownBy(() -> source("words", "(a)(b)", List.of("$3")))
                .hasMessageContaining("$3");
        assertThatThrownBy(() -> source("words", "(a)(b)", List.of()))
                .hasMessageContaining("questions has one phrasing or more");
        assertThatThrownBy(() -> source("words", null, List.of("Hi")))
                .hasMessageContaining("pattern is needed with path or maven");
        assertThatThrownBy(() -> read(0, 1, source("words", "(a)(b)", List.of("$1"))))
                .hasMessageContaining("turns is 1 or more, not 0");
    }
}
