package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.inference.Predictor;
import ai.djl.inference.streaming.StreamingTranslator.StreamOutput;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.generate.Generation;
import ai.llm360.common.generate.TokenStream;
import ai.llm360.zoo.testing.TinyModel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** DJL's {@code streamingPredict}, in its three output types. */
class StreamingTest {

    private static final String PROMPT = "once upon";

    @TempDir Path temp;

    private <O> ZooModel<String, O> load(Class<O> output) throws Exception {
        Path directory = temp.resolve("tiny");
        String path =
                directory.toFile().exists()
                        ? directory.toString()
                        : TinyModel.writeTo(directory).toString();
        return Criteria.of(path, String.class, output).optArgument("max_new_tokens", 8).loadModel();
    }

    private Generation expected() throws Exception {
        try (ZooModel<String, Generation> model = load(Generation.class);
                Predictor<String, Generation> predictor = model.newPredictor()) {
            return predictor.predict(PROMPT);
        }
    }

    @Test
    void tokens_come_one_by_one() throws Exception {
        try (ZooModel<String, TokenStream> model = load(TokenStream.class);
                Predictor<String, TokenStream> predictor = model.newPredictor()) {
            assertThat(predictor.supportsStreaming()).isTrue();
            predictor.predict(PROMPT).finish(); // the model keeps what it made at its first use
            int before = TinyModel.liveArrays();
            try (TokenStream tokens = predictor.streamingPredict(PROMPT).getIterativeOutput()) {
                assertThat(tokens.next().id()).isEqualTo(expected().ids().get(0));
                assertThat(tokens.next().id()).isEqualTo(expected().ids().get(1));
                assertThat(tokens.finish().get(0)).isEqualTo(expected());
            }
            try (TokenStream tokens = predictor.predict(PROMPT)) {
                assertThat(tokens.finish().get(0)).isEqualTo(expected());
            }
            try (TokenStream tokens = predictor.predict(PROMPT)) {
                assertThat(tokens.hasNext()).isTrue(); // and closed before its end
            }
            assertThat(TinyModel.liveArrays()).isEqualTo(before);
        }
    }

    @Test
    void a_text_or_a_generation_comes_when_it_is_whole() throws Exception {
        try (ZooModel<String, String> model = load(String.class);
                Predictor<String, String> predictor = model.newPredictor()) {
            assertThat(predictor.streamingPredict(PROMPT).getIterativeOutput())
                    .isEqualTo(expected().text());
        }
        try (ZooModel<String, Generation> model = load(Generation.class);
                Predictor<String, Generation> predictor = model.newPredictor()) {
            assertThat(predictor.streamingPredict(PROMPT).getIterativeOutput())
                    .isEqualTo(expected());
        }
    }

    @Test
    void an_asynchronous_output_is_refused_by_the_name_of_the_other() throws Exception {
        try (ZooModel<String, String> model = load(String.class);
                Predictor<String, String> predictor = model.newPredictor()) {
            StreamOutput<String> output = predictor.streamingPredict(PROMPT);
            assertThatThrownBy(output::getAsyncOutput)
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("getIterativeOutput");
        }
    }
}
