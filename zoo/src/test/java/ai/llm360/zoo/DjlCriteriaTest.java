package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Application;
import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ModelZoo;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.generate.Generation;
import ai.llm360.zoo.testing.Home;
import ai.llm360.zoo.testing.TinyModel;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** DJL's own Criteria finds the checkpoints, by URL and by artifact. */
class DjlCriteriaTest {

    private static final String PROMPT = "once upon";

    @TempDir Path temp;
    private Home home;
    private Path directory;

    @BeforeEach
    void open() throws IOException {
        home = Home.at(temp);
        directory = TinyModel.writeTo(temp.resolve("amber").resolve("ckpt_200"));
    }

    @AfterEach
    void close() {
        home.close();
    }

    private static ai.djl.repository.zoo.Criteria.Builder<String, Generation> djl() {
        return ai.djl.repository.zoo.Criteria.builder()
                .setTypes(String.class, Generation.class)
                .optArgument("max_new_tokens", 8);
    }

    private static Generation continuation(ZooModel<String, Generation> loaded) throws Exception {
        try (ZooModel<String, Generation> model = loaded;
                Predictor<String, Generation> predictor = model.newPredictor()) {
            return predictor.predict(PROMPT);
        }
    }

    private Generation expected(String dtype) throws Exception {
        Criteria<String, Generation> criteria =
                Criteria.of(directory.toString(), String.class, Generation.class)
                        .optArgument("max_new_tokens", 8)
                        .optArgument("dtype", dtype);
        return continuation(criteria.loadModel());
    }

    @Test
    void a_name_as_a_url_gives_what_the_facade_gives() throws Exception {
        assertThat(continuation(djl().optModelUrls("llm360://amber@ckpt-200").build().loadModel()))
                .isEqualTo(expected("fp32"));
    }

    @Test
    void a_path_as_a_url_takes_arguments() throws Exception {
        String url = "llm360://" + directory.toUri().getRawPath();
        assertThat(continuation(djl().optModelUrls(url + "?dtype=bf16").build().loadModel()))
                .isEqualTo(expected("bf16"));
    }

    @Test
    void an_artifact_and_a_filter_choose_a_checkpoint() throws Exception {
        TinyModel.writeTo(temp.resolve("amber").resolve("ckpt_300"));
        for (int checkpoint : new int[] {200, 300}) {
            try (ZooModel<String, Generation> model =
                    djl().optArtifactId("ai.llm360:amber")
                            .optFilter("checkpoint", "ckpt-" + checkpoint)
                            .build()
                            .loadModel()) {
                assertThat(model.getModelPath()).hasFileName("ckpt_" + checkpoint);
                assertThat(model.getName()).isEqualTo("ckpt-" + checkpoint);
            }
        }
    }

    @Test
    void without_a_filter_it_is_the_last_that_was_published() throws Exception {
        assertThatThrownBy(() -> djl().optArtifactId("ai.llm360:amber").build().loadModel())
                .hasMessageContaining("HF_HUB_OFFLINE")
                .hasMessageContaining("amber@ckpt-359 is not on this machine");
        TinyModel.writeTo(temp.resolve("amber").resolve("main"));
        try (ZooModel<String, Generation> model =
                djl().optArtifactId("ai.llm360:amber").build().loadModel()) {
            assertThat(model.getModelPath()).hasFileName("main");
            assertThat(model.getName()).isEqualTo("ckpt-359");
        }
    }

    @Test
    void a_checkpoint_that_arrives_later_is_found() throws Exception {
        ai.djl.repository.zoo.Criteria<String, Generation> mine =
                djl().optArtifactId("ai.llm360:amber").optFilter("checkpoint", "mine").build();
        assertThatThrownBy(mine::loadModel).isInstanceOf(ModelNotFoundException.class);
        TinyModel.writeTo(temp.resolve("amber").resolve("mine"));
        try (ZooModel<String, Generation> model = mine.loadModel()) {
            assertThat(model.getModelPath()).hasFileName("mine");
        }
    }

    @Test
    void the_zoo_is_listed_under_text_generation() throws Exception {
        assertThat(ModelZoo.getModelZoo("ai.llm360").getModelLoaders())
                .extracting(loader -> loader.getArtifactId() + " " + loader.getApplication())
                .contains("amber " + Application.NLP.TEXT_GENERATION);
    }

    @Test
    void a_filter_that_matches_nothing_finds_no_model() {
        assertThatThrownBy(
                        () ->
                                djl().optArtifactId("ai.llm360:amber")
                                        .optFilter("checkpoint", "ckpt_999")
                                        .build()
                                        .loadModel())
                .isInstanceOf(ModelNotFoundException.class);
    }

    @Test
    void an_unknown_checkpoint_in_a_url_is_explained() {
        assertThatThrownBy(() -> djl().optModelUrls("llm360://amber@ckpt-999").build().loadModel())
                .hasMessageContaining("no checkpoint 'ckpt-999': amber has ckpt-000 to ckpt-359")
                .hasMessageContaining("ckpt_200");
    }

    @Test
    void a_url_that_names_nothing_is_refused() {
        assertThatThrownBy(() -> djl().optModelUrls("llm360://amber@ckpt@200"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("names no model");
        assertThatThrownBy(() -> djl().optModelUrls("llm360://amber/ckpt-200"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("llm360://amber@ckpt-200");
        assertThatThrownBy(() -> djl().optModelUrls("llm360:amber"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("llm360://");
    }
}
