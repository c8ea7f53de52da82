package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.generate.FinishReason;
import ai.llm360.common.generate.Generation;
import ai.llm360.common.nn.WeightType;
import ai.llm360.zoo.testing.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedModelTest {

    @TempDir Path temp;
    private Home home;

    @BeforeEach
    void open() {
        home = Home.at(temp.resolve("home"));
    }

    @AfterEach
    void close() {
        home.close();
    }

    private List<String> entries() throws IOException {
        try (Stream<Path> files = Files.walk(temp.resolve("home"))) {
            return files.filter(Files::isRegularFile)
                    .map(file -> temp.resolve("home").relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void it_tells_a_whole_story_about_what_it_was_asked_for() throws Exception {
        String prompt = "Once upon a time, a little fox lived by the river";
        try (ZooModel<String, Generation> model =
                        Criteria.of("tiny", String.class, Generation.class)
                                .optDtype(WeightType.FP32)
                                .loadModel();
                Predictor<String, Generation> predictor = model.newPredictor()) {
            Generation story = predictor.predict(prompt);
            assertThat(story.reason()).isEqualTo(FinishReason.EOS);
            assertThat(story.text())
                    .contains("One day the fox found a ")
                    .containsPattern("That night the fox was \\w+\\.$");
        }
    }

    @Test
    void it_is_copied_into_the_model_home_once() throws Exception {
        Path directory = Reference.resolve("tiny");
        assertThat(entries())
                .containsExactly(
                        "tiny/v1/config.json",
                        "tiny/v1/model.safetensors",
                        "tiny/v1/tokenizer.json");
        Object first = Files.getLastModifiedTime(directory.resolve("config.json"));
        assertThat(Reference.resolve("tiny@v1")).isEqualTo(directory);
        assertThat(Files.getLastModifiedTime(directory.resolve("config.json"))).isEqualTo(first);
    }

    @Test
    void several_at_once_leave_one_whole_copy() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            Callable<Path> resolve = () -> Reference.resolve("tiny");
            for (var found : threads.invokeAll(Collections.nCopies(8, resolve))) {
                assertThat(found.get()).isDirectoryContaining("glob:**/model.safetensors");
            }
        } finally {
            threads.shutdown();
        }
        assertThat(entries()).hasSize(3);
    }

    @Test
    void djls_zoo_knows_it() throws Exception {
        try (ZooModel<String, String> model =
                ai.djl.repository.zoo.Criteria.builder()
                        .setTypes(String.class, String.class)
                        .optArtifactId("ai.llm360:tiny")
                        .build()
                        .loadModel()) {
            assertThat(model.getName()).isEqualTo("v1");
        }
    }

    @Test
    void the_jar_stays_small() throws Exception {
        long bytes = 0;
        try (Stream<Path> files = Files.list(Reference.resolve("tiny"))) {
            for (Path file : files.toList()) {
                bytes += Files.size(file);
            }
        }
        assertThat(bytes).isLessThan(300_000);
    }
}
