package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.zoo.testing.TinyModel;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Directories are called what their owners like. */
class PathNamesTest {

    @TempDir Path temp;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "with space",
                "with,comma",
                "amber@ckpt-200",
                "100%",
                "a%20b",
                "größe 模型",
                "a+b&c=d",
                "q?x#y",
                "llm360:x"
            })
    void a_model_loads_from_a_directory_of_any_name(String name) throws Exception {
        Path directory = TinyModel.writeTo(temp.resolve(name).resolve("model"));
        String text;
        try (ZooModel<String, String> model =
                        Criteria.of(directory.toString())
                                .optArgument("max_new_tokens", 2)
                                .loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            text = predictor.predict("once");
        }
        // DJL takes a comma in its URLs for the end of one, so there it is written as %2C.
        String url = "llm360://" + directory.toUri().getRawPath().replace(",", "%2C");
        try (ZooModel<String, String> model =
                        ai.djl.repository.zoo.Criteria.builder()
                                .setTypes(String.class, String.class)
                                .optModelUrls(url)
                                .optArgument("max_new_tokens", 2)
                                .build()
                                .loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            assertThat(predictor.predict("once")).isEqualTo(text);
        }
    }
}
