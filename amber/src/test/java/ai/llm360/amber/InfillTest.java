package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.NDManager;
import ai.llm360.amber.testing.ScriptedAmber;
import ai.llm360.common.generate.FinishReason;
import ai.llm360.common.generate.Generation;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.InfillPrompt;
import ai.llm360.common.generate.InfillPrompt.Order;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TokenStream;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.common.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Filling gaps, with a model that says what it was told to say. */
class InfillTest {

    private static final GenerationConfig GREEDY = GenerationConfig.builder().build();

    @TempDir Path temp;
    private NDManager manager;
    private Tokenizer tokenizer;

    @BeforeEach
    void open() throws IOException {
        manager = NDManager.newBaseManager("PyTorch");
        tokenizer =
                Tokenizer.open(
                        TinyTokenizer.llama()
                                .withoutBos()
                                .words("to", "be", "or", "not")
                                .specialTokens(
                                        "<|fim_prefix|>",
                                        "<|fim_middle|>",
                                        "<|fim_suffix|>",
                                        "<|fim_pad|>")
                                .writeJson(temp));
    }

    @AfterEach
    void close() {
        tokenizer.close();
        manager.close();
    }

    private long id(String token) {
        return tokenizer.id(token).orElseThrow();
    }

    /** After {@code first} the model says {@code ▁or ▁not}, and then {@code last} for ever. */
    private TextGenerator generator(String first, String last) throws IOException {
        long[][] script = {
            {id(first), id("▁or")},
            {id("▁or"), id("▁not")},
            {id("▁not"), id(last)},
            {id(last), id(last)}
        };
        Path directory = temp.resolve("model");
        ScriptedAmber.of(tokenizer.vocabularySize(), script).writeTo(directory);
        Amber amber = new Amber(AmberConfig.read(directory.resolve("config.json")));
        WeightLoader.load(amber, directory, manager, WeightType.FP32, null);
        return new TextGenerator(amber, Optional.of(tokenizer));
    }

    @ParameterizedTest
    @EnumSource
    void prefix_middle_and_suffix_are_the_right_text(Order order) throws IOException {
        String last = order == Order.PSM ? "<|fim_middle|>" : "▁be";
        InfillPrompt prompt = new InfillPrompt("to be", "to be", order, true);
        Generation made = generator(last, "</s>").infill(prompt, GREEDY);
        // The space before "or" is the encoder's, as the one before "to" is: none was asked for.
        assertThat(made.text()).isEqualTo("or not");
        assertThat(made.ids()).containsExactly(id("▁or"), id("▁not"), 2L);
        assertThat(made.promptIds().stream().mapToLong(Long::longValue).toArray())
                .isEqualTo(prompt.ids(tokenizer));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"</s>", "<|fim_pad|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"})
    void ends_at_an_end_token_and_at_every_token_of_the_frame(String end) throws IOException {
        // The script goes by the last token alone, so a frame's token that it ends with begins it.
        String first = end.equals("<|fim_middle|>") ? "▁be" : "<|fim_middle|>";
        Order order = end.equals("<|fim_middle|>") ? Order.SPM : Order.PSM;
        Generation made =
                generator(first, end).infill(new InfillPrompt("be", "to", order, true), GREEDY);
        assertThat(made.text()).isEqualTo("or not");
        assertThat(made.reason()).isEqualTo(FinishReason.EOS);
        assertThat(made.ids()).hasSize(3).endsWith(id(end));
    }

    @Test
    void goes_on_past_all_of_them_when_told_to() throws IOException {
        GenerationConfig config =
                GenerationConfig.builder().optIgnoreEos(true).optMaxNewTokens(9).build();
        Generation made =
                generator("<|fim_middle|>", "<|fim_pad|>")
                        .infill(new InfillPrompt("be", "to"), config);
        assertThat(made.ids()).hasSize(9);
        assertThat(made.reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void streams_the_text_that_it_gives_whole_and_stops_within_it() throws IOException {
        TextGenerator generator = generator("<|fim_middle|>", "</s>");
        StringBuilder streamed = new StringBuilder();
        try (TokenStream stream = generator.streamInfill(new InfillPrompt("be", "to"), GREEDY)) {
            stream.forEachRemaining(token -> streamed.append(token.text()));
        }
        assertThat(streamed).hasToString("or not");
        GenerationConfig config = GenerationConfig.builder().optStop("r n").build();
        Generation stopped = generator.infill(new InfillPrompt("be", "to"), config);
        assertThat(stopped.text()).isEqualTo("o");
        assertThat(stopped.reason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void sides_too_long_for_the_context_are_refused() throws IOException {
        TextGenerator generator = generator("<|fim_middle|>", "</s>");
        InfillPrompt prompt = new InfillPrompt("to ".repeat(40), "be ".repeat(40));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> generator.infill(prompt, GREEDY))
                .withMessageContaining("don't fit: the model's context length is 64");
    }
}
