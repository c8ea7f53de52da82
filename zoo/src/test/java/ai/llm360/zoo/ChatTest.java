package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.chat.ChatTemplate;
import ai.llm360.common.chat.Message;
import ai.llm360.common.chat.Message.Role;
import ai.llm360.common.generate.Chat;
import ai.llm360.common.generate.ChatAnswer;
import ai.llm360.common.generate.FinishReason;
import ai.llm360.common.generate.GeneratedToken;
import ai.llm360.common.generate.Generation;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Conversations with models that were never taught to talk: what is said doesn't matter here. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChatTest {

    /** A template in lines. */
    private record Lines(List<String> stops) implements ChatTemplate {

        @Override
        public String name() {
            return "lines";
        }

        @Override
        public String render(List<Message> messages, boolean answering) {
            StringBuilder text = new StringBuilder();
            for (Message message : messages) {
                text.append(message.role().name().charAt(0));
                text.append(": ").append(message.text()).append('\n');
            }
            return text + (answering ? "A:" : "");
        }

        @Override
        public long[] prompt(Tokenizer tokenizer, List<Message> messages) {
            return tokenizer.encodePrompt(render(messages, true));
        }
    }

    private static final Lines ENDLESS = new Lines(List.of());
    private static final GenerationConfig SHORT =
            GenerationConfig.builder().optMaxNewTokens(8).build();

    private ZooModel<String, String> amber;
    private TextGenerator generator;

    @BeforeAll
    void load() throws Exception {
        // In bf16 a token that was made alone has other roundings than one that is read with
        // others.
        amber = Criteria.of("amber-nano").optDtype(WeightType.FP32).loadModel();
        generator = Criteria.generator(amber);
    }

    @AfterAll
    void close() {
        amber.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"amber-nano", "crystalcoder-nano"})
    void answers_from_the_kept_cache_are_those_of_a_fresh_one(String name) throws Exception {
        try (ZooModel<String, String> model =
                        Criteria.of(name).optDtype(WeightType.FP32).loadModel();
                Chat chat = new Chat(Criteria.generator(model), ENDLESS, SHORT)) {
            TextGenerator fresh = Criteria.generator(model);
            for (String question : List.of("oak:", "fox:", "if (a == null) {", "a tree")) {
                List<Message> messages = new ArrayList<>(chat.messages());
                messages.add(new Message(Role.USER, question));
                long[] prompt = ENDLESS.prompt(fresh.tokenizer(), messages);
                GenerationConfig same =
                        SHORT.toBuilder().optEosIds(Set.copyOf(ends(fresh))).build();
                Generation expected = fresh.generateIds(List.of(prompt), same).get(0);
                List<Long> ids = new ArrayList<>();
                List<Double> logProbabilities = new ArrayList<>();
                try (ChatAnswer answer = chat.ask(question)) {
                    while (answer.hasNext()) {
                        GeneratedToken token = answer.next();
                        ids.add(token.id());
                        logProbabilities.add(token.logProbability());
                    }
                    assertThat(answer.text()).isEqualTo(expected.text().strip());
                }
                assertThat(ids).isEqualTo(expected.ids());
                for (int i = 0; i < ids.size(); i++) {
                    assertThat(logProbabilities.get(i))
                            .isCloseTo(expected.logProbabilities().get(i), within(1e-4));
                }
            }
        }
    }

    private static List<Long> ends(TextGenerator generator) {
        List<Long> ends = new ArrayList<>(generator.model().eosIds());
        generator.tokenizer().eosId().ifPresent(ends::add);
        return ends;
    }

    @Test
    void a_seed_decides_every_answer_and_asking_again_draws_anew() {
        GenerationConfig drawn = SHORT.toBuilder().optTemperature(1.0).optSeed(3).build();
        List<String> twice = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            try (Chat chat = new Chat(generator, ENDLESS, drawn)) {
                String first = chat.ask("oak:").finish();
                String second = chat.ask("fox:").finish();
                String again = chat.again().finish();
                assertThat(again).isNotEqualTo(second);
                assertThat(chat.messages())
                        .extracting(Message::text)
                        .containsExactly("oak:", first, "fox:", again);
                twice.add(first + second + again);
            }
        }
        assertThat(twice.get(0)).isEqualTo(twice.get(1));
    }

    @Test
    void turns_beyond_the_context_are_left_out_whole_and_that_is_told() {
        int context = generator.model().contextLength();
        int forgotten = 0;
        try (Chat chat = new Chat(generator, ENDLESS, SHORT)) {
            chat.setSystem("Be brief.");
            while (forgotten == 0) {
                ChatAnswer answer = chat.ask("oak ".repeat(20) + chat.messages().size());
                answer.finish();
                forgotten = answer.forgotten();
                assertThat(chat.messages().size()).isLessThan(context);
            }
            List<Message> all = chat.messages();
            List<Message> heard = new ArrayList<>(all.subList(1 + 2 * forgotten, all.size() - 1));
            heard.add(0, all.get(0));
            long[] prompt = ENDLESS.prompt(generator.tokenizer(), heard);
            assertThat(prompt.length).isBetween(context / 2, context - 8);
            GenerationConfig ending = SHORT.toBuilder().optSeed(0).build();
            assertThat(generator.generateIds(List.of(prompt), ending).get(0).text().strip())
                    .isEqualTo(all.get(all.size() - 1).text());
        }
    }

    @Test
    void what_doesnt_fit_at_all_is_told_and_changes_nothing() {
        try (Chat chat = new Chat(generator, ENDLESS, SHORT)) {
            chat.ask("oak:").finish();
            List<Message> before = chat.messages();
            assertThatThrownBy(() -> chat.ask("oak ".repeat(5_000)))
                    .hasMessageContaining("context length");
            assertThat(chat.messages()).isEqualTo(before);
            assertThat(chat.ask("fox:").finish()).isNotEmpty();
        }
    }

    @Test
    void an_answer_ends_at_the_templates_stops() {
        String whole;
        try (Chat chat = new Chat(generator, ENDLESS, SHORT)) {
            whole = chat.ask("oak:").finish();
        }
        String stop = whole.substring(whole.length() / 2, whole.length() / 2 + 2);
        try (Chat chat = new Chat(generator, new Lines(List.of(stop)), SHORT)) {
            ChatAnswer answer = chat.ask("oak:");
            assertThat(answer.finish()).isEqualTo(whole.substring(0, whole.indexOf(stop)).strip());
            assertThat(answer.reason()).contains(FinishReason.STOP);
        }
        try (Chat chat = new Chat(generator, new Lines(List.of("</s>")), SHORT)) {
            assertThat(chat.ask("oak:").finish()).isEqualTo(whole); // a token, not a text
        }
    }

    @Test
    void an_answer_that_is_closed_early_counts_as_far_as_it_came() {
        try (Chat chat = new Chat(generator, ENDLESS, SHORT)) {
            ChatAnswer answer = chat.ask("oak:");
            StringBuilder said = new StringBuilder();
            while (said.length() < 3) {
                said.append(answer.next().text());
            }
            answer.close();
            assertThat(answer.hasNext()).isFalse();
            assertThat(answer.reason()).isEmpty();
            assertThat(chat.messages())
                    .containsExactly(
                            new Message(Role.USER, "oak:"),
                            new Message(Role.ASSISTANT, said.toString().strip()));
            assertThat(chat.ask("fox:").finish()).isNotEmpty();
            chat.ask("not a word").close();
            assertThat(chat.messages()).hasSize(4);
        }
    }

    @Test
    void a_conversation_goes_on_from_saved_messages() {
        try (Chat one = new Chat(generator, ENDLESS, SHORT);
                Chat other = new Chat(generator, ENDLESS, SHORT)) {
            one.setSystem("Be brief.");
            one.ask("oak:").finish();
            other.ask("something else").finish();
            other.setMessages(one.messages());
            assertThat(other.ask("fox:").finish()).isEqualTo(one.ask("fox:").finish());
            List<Message> unanswered = List.of(new Message(Role.USER, "oak:"));
            assertThatThrownBy(() -> other.setMessages(unanswered))
                    .hasMessageContaining("no answer");
            List<Message> wrong = List.of(new Message(Role.ASSISTANT, "oak:"));
            assertThatThrownBy(() -> other.setMessages(wrong))
                    .hasMessageContaining("message 1 has the role assistant where user should be");
            assertThat(other.messages()).isEqualTo(one.messages());
            other.reset();
            assertThat(other.messages()).containsExactly(new Message(Role.SYSTEM, "Be brief."));
            assertThatThrownBy(other::again).hasMessageContaining("nothing was asked");
        }
    }

    @Test
    void a_closed_conversation_says_so() {
        Chat chat = new Chat(generator, ENDLESS, SHORT);
        ChatAnswer answer = chat.ask("oak:");
        answer.next();
        chat.close();
        chat.close();
        assertThat(answer.hasNext()).isFalse();
        assertThatThrownBy(() -> chat.ask("fox:")).hasMessage("the conversation is closed");
    }
}
