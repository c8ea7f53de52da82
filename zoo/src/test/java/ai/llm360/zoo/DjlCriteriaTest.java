package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Application;
import ai.djl.inference.Predictor;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ModelZoo;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.generate.Generation;
import ai.llm360.zoo.testing.Home;
import ai.llm360.zoo.testing.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
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

    @Test
    void an_argument_that_isnt_there_is_answered_with_the_nearest() {
        String url = "llm360://amber@ckpt-200?max_tokens=3";
        assertThatThrownBy(() -> djl().optModelUrls(url).build().loadModel())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no argument 'max_tokens'; did you mean max_new_tokens?");
        assertThatThrownBy(() -> Criteria.of("amber@ckpt-200").optArgument("max_tokens", 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no argument 'max_tokens'; did you mean max_new_tokens?");
    }

    @Test
    void djls_arguments_and_djl_servings_may_stand_beside() throws Exception {
        assertThat(
                        continuation(
                                djl().optModelUrls("llm360://amber@ckpt-200?batch_size=2")
                                        .optEngine("PyTorch")
                                        .optModelName("mine")
                                        .optApplication(Application.NLP.TEXT_GENERATION)
                                        .optOption("mapLocation", "true")
                                        .optArgument("job_queue_size", 10)
                                        .optArgument("batchifier", "stack")
                                        .build()
                                        .loadModel()))
                .isEqualTo(expected("fp32"));
    }

    @Test
    void a_path_with_the_two_factories_gives_what_the_facade_gives() throws Exception {
        assertThat(
                        continuation(
                                djl().optModelPath(directory)
                                        .optEngine("PyTorch")
                                        .optArgument(
                                                "blockFactory", "ai.llm360.zoo.DecoderBlockFactory")
                                        .optTranslatorFactory(new GenerationTranslatorFactory())
                                        .optOption("hasParameter", "false")
                                        .build()
                                        .loadModel()))
                .isEqualTo(expected("fp32"));
    }

    @Test
    void a_path_with_serving_properties_is_what_djl_serving_takes() throws Exception {
        Files.writeString(
                directory.resolve("serving.properties"),
                """
                engine=PyTorch
                blockFactory=ai.llm360.zoo.DecoderBlockFactory
                translatorFactory=ai.llm360.zoo.GenerationTranslatorFactory
                option.hasParameter=false
                max_new_tokens=8
                batch_size=4
                max_batch_delay=10
                minWorkers=1
                gpu.maxWorkers=2
                """);
        Input input = new Input();
        input.add("data", PROMPT);
        try (ZooModel<Input, Output> model =
                        ai.djl.repository.zoo.Criteria.builder()
                                .setTypes(Input.class, Output.class)
                                .optModelPath(directory)
                                .build()
                                .loadModel();
                Predictor<Input, Output> predictor = model.newPredictor()) {
            assertThat(predictor.predict(input).getData().getAsString())
                    .isEqualTo(expected("fp32").text());
        }
    }

    @Test
    void types_that_nothing_translates_are_answered_with_those_that_there_are() {
        for (String what : new String[] {"url", "artifact"}) {
            ai.djl.repository.zoo.Criteria.Builder<Integer, String> builder =
                    ai.djl.repository.zoo.Criteria.builder().setTypes(Integer.class, String.class);
            if (what.equals("url")) {
                builder.optModelUrls("llm360://amber@ckpt-200");
            } else {
                builder.optArtifactId("ai.llm360:amber").optFilter("checkpoint", "ckpt-200");
            }
            assertThatThrownBy(() -> builder.build().loadModel())
                    .as(what)
                    .hasStackTraceContaining("no translator from java.lang.Integer")
                    .hasStackTraceContaining("ai.djl.modality.Input to ai.djl.modality.Output")
                    .hasStackTraceContaining("java.lang.String to java.lang.String");
        }
    }

    @Test
    void a_publishers_generation_config_counts_unless_told_otherwise() throws Exception {
        Files.writeString(
                directory.resolve("generation_config.json"),
                "{\"max_new_tokens\": 3, \"do_sample\": true, \"temperature\": 3.0}");
        Criteria<String, Generation> criteria =
                Criteria.of(directory.toString(), String.class, Generation.class);
        try (ZooModel<String, Generation> model = criteria.loadModel()) {
            assertThat(Criteria.generationConfig(model).temperature()).isEqualTo(3);
        }
        Generation drawn = continuation(criteria.loadModel());
        assertThat(drawn.ids()).hasSize(3);
        Generation best = continuation(criteria.optArgument("do_sample", false).loadModel());
        assertThat(best.ids()).hasSize(3).isNotEqualTo(drawn.ids());
        Files.writeString(directory.resolve("generation_config.json"), "{\"top_p\": 7}");
        assertThatThrownBy(criteria::loadModel)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("generation_config.json: top-p must be above 0");
    }

    @Test
    void a_publishers_length_leaves_out_the_prompt() throws Exception {
        Files.writeString(directory.resolve("generation_config.json"), "{\"max_length\": 12}");
        Criteria<String, Generation> criteria =
                Criteria.of(directory.toString(), String.class, Generation.class);
        Generation generation = continuation(criteria.loadModel());
        assertThat(generation.promptIds().size() + generation.ids().size()).isEqualTo(12);
        Files.writeString(directory.resolve("generation_config.json"), "{\"max_length\": 2}");
        assertThatThrownBy(() -> continuation(criteria.loadModel()))
                .hasStackTraceContaining("leave no room within a max length of 2");
        assertThat(continuation(criteria.optArgument("max_new_tokens", 4).loadModel()).ids())
                .hasSize(4);
    }
}
