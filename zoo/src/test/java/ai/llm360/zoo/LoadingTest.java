package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import ai.llm360.common.generate.FinishReason;
import ai.llm360.common.generate.Generation;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.zoo.testing.TinyModel;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The façade: a reference in, a DJL model of the wanted types out. */
class LoadingTest {

    private static final String PROMPT = "once upon a time";

    @TempDir Path temp;

    private Path tiny() throws IOException {
        Path directory = temp.resolve("tiny");
        return Files.exists(directory) ? directory : TinyModel.writeTo(directory);
    }

    private <I, O> O predict(Class<I> inputType, Class<O> outputType, I input)
            throws IOException,
                    ModelNotFoundException,
                    MalformedModelException,
                    TranslateException {
        try (ZooModel<I, O> model =
                        Criteria.of(tiny().toString(), inputType, outputType)
                                .optArgument("max_new_tokens", 8)
                                .loadModel();
                Predictor<I, O> predictor = model.newPredictor()) {
            return predictor.predict(input);
        }
    }

    @Test
    void a_trained_model_tells_its_story() throws Exception {
        Path directory = Fixtures.shared("fixtures/stories260K-hf");
        JsonObject expected =
                JsonParser.parseString(Files.readString(directory.resolve("expected.json")))
                        .getAsJsonObject();
        String story = expected.get("text").getAsString();
        String prompt = "Once upon a time";
        try (ZooModel<String, String> model = Criteria.loadModel(directory.toString());
                Predictor<String, String> predictor = model.newPredictor()) {
            String told = prompt + predictor.predict(prompt);
            int length = Math.min(told.length(), story.length());
            assertThat(length).isGreaterThan(200);
            assertThat(told.substring(0, length)).isEqualTo(story.substring(0, length));
        }
    }

    @Test
    void text_to_generation_gives_tokens_and_the_same_text() throws Exception {
        Generation generation = predict(String.class, Generation.class, PROMPT);
        assertThat(generation.ids()).hasSize(8);
        assertThat(generation.logProbabilities()).hasSize(8).allMatch(p -> p <= 0);
        assertThat(generation.reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(predict(String.class, String.class, PROMPT)).isEqualTo(generation.text());
    }

    @Test
    void input_to_output_speaks_with_djl_serving() throws Exception {
        Input input = new Input();
        input.add("data", PROMPT);
        Output output = predict(Input.class, Output.class, input);
        assertThat(output.getData().getAsString())
                .isEqualTo(predict(String.class, String.class, PROMPT));
    }

    @Test
    void arrays_of_ids_give_logits_even_without_a_tokenizer() throws Exception {
        Path directory = TinyModel.withoutTokenizer(temp.resolve("ids"));
        try (ZooModel<NDList, NDList> model =
                        Criteria.loadModel(directory.toString(), NDList.class, NDList.class);
                Predictor<NDList, NDList> predictor = model.newPredictor()) {
            NDArray ids = model.getNDManager().create(new long[][] {{1, 2, 3}, {4, 5, 6}});
            NDArray logits = predictor.predict(new NDList(ids)).singletonOrThrow();
            assertThat(logits.getShape()).isEqualTo(new Shape(2, 3, 300));
        }
    }

    @Test
    void a_model_without_a_tokenizer_says_so_when_it_is_given_text() throws Exception {
        Path directory = TinyModel.withoutTokenizer(temp.resolve("ids"));
        try (ZooModel<String, String> model = Criteria.loadModel(directory.toString());
                Predictor<String, String> predictor = model.newPredictor()) {
            assertThatThrownBy(() -> predictor.predict(PROMPT))
                    .hasStackTraceContaining("no tokenizer beside it");
        }
    }

    @ParameterizedTest
    @EnumSource(WeightType.class)
    void every_dtype_that_this_machine_has_kernels_for_continues_text(WeightType dtype)
            throws Exception {
        Criteria<String, Generation> criteria =
                Criteria.of(tiny().toString(), String.class, Generation.class)
                        .optDtype(dtype)
                        .optArgument("max_new_tokens", 8);
        try (ZooModel<String, Generation> model = criteria.loadModel();
                Predictor<String, Generation> predictor = model.newPredictor()) {
            assertThat(predictor.predict(PROMPT).ids()).hasSize(8);
        } catch (IllegalArgumentException e) {
            assertThat(dtype).isEqualTo(WeightType.INT8);
            assertThat(e).hasMessageContaining("int8 weights need an x86-64 CPU's kernels");
        }
    }

    @Test
    void a_closed_model_has_closed_its_tokenizer() throws Exception {
        Tokenizer tokenizer;
        try (ZooModel<String, String> model = Criteria.loadModel(tiny().toString())) {
            tokenizer = Criteria.generator(model).tokenizer();
            assertThat(tokenizer.encode("a")).isNotEmpty();
        }
        assertThatThrownBy(() -> tokenizer.encode("a")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void the_generator_of_a_model_for_other_types_is_refused_by_name() throws Exception {
        try (ZooModel<String, Generation> model =
                Criteria.loadModel(tiny().toString(), String.class, Generation.class)) {
            assertThat(Criteria.generator(model).model().vocabularySize()).isEqualTo(300);
        }
    }

    @Test
    void a_seed_is_kept_to_its_last_digit_and_a_sampled_text_repeats() throws Exception {
        assertThat(sample(Long.MAX_VALUE)).isEqualTo(sample(Long.MAX_VALUE));
        assertThat(sample(Long.MAX_VALUE)).isNotEqualTo(sample(Long.MAX_VALUE - 1));
    }

    private Generation sample(long seed) throws Exception {
        try (ZooModel<String, Generation> model =
                        Criteria.of(tiny().toString(), String.class, Generation.class)
                                .optArgument("max_new_tokens", 16)
                                .optArgument("temperature", "2.0")
                                .optArgument("seed", seed)
                                .loadModel();
                Predictor<String, Generation> predictor = model.newPredictor()) {
            return predictor.predict(PROMPT);
        }
    }
}
