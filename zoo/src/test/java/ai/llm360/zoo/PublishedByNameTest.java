package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.generate.Generation;
import ai.llm360.hub.HubPlan;
import ai.llm360.zoo.testing.Home;
import ai.llm360.zoo.testing.HubEnvironment;
import ai.llm360.zoo.testing.PublishedHub;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * All of Amber's 360 and CrystalCoder's 143 checkpoints, from a Hub that has them, by name: where
 * their repositories are called what they are called today, and where what they were at first.
 */
class PublishedByNameTest {

    @TempDir Path temp;
    private PublishedHub hub;
    private Home home;
    private HubEnvironment environment;

    @BeforeEach
    void open() throws IOException {
        hub = PublishedHub.in(temp.resolve("made"));
        home = Home.at(temp.resolve("home"));
        environment = HubEnvironment.of(hub.server().endpoint(), temp.resolve("hf"));
    }

    @AfterEach
    void close() {
        environment.close();
        home.close();
        hub.server().close();
    }

    /** Loads each checkpoint by its name, and returns what each one made of a prompt. */
    private static Set<List<Double>> generations(List<String> references) throws Exception {
        Set<List<Double>> made = new HashSet<>();
        for (String reference : references) {
            Criteria<String, Generation> criteria =
                    Criteria.of(reference, String.class, Generation.class)
                            .optArgument("max_new_tokens", 1);
            try (ZooModel<String, Generation> model = criteria.loadModel();
                    Predictor<String, Generation> predictor = model.newPredictor()) {
                assertThat(model.getName()).isEqualTo(reference.replaceFirst(".*@", ""));
                made.add(predictor.predict("once upon").logProbabilities());
                assertThat(model.getModelPath().toFile().list())
                        .containsExactlyInAnyOrder(
                                "config.json", "tokenizer.json", "model.safetensors");
            }
        }
        return made;
    }

    @Test
    void each_of_ambers_360_loads_and_is_another_model() throws Exception {
        hub.withAmber("IFM/Amber", PublishedHub.amberBranches());
        List<String> all = references("amber");
        assertThat(all).hasSize(360);
        assertThat(generations(all)).hasSize(360);
        assertThat(Catalogue.current().find("amber@359").revision()).isEqualTo("main");
    }

    @Test
    void each_of_crystalcoders_143_loads_and_is_another_model() throws Exception {
        hub.withCrystalCoder("IFM/Crystal");
        Catalogue.refresh("crystalcoder");
        List<String> all = references("crystalcoder");
        assertThat(all).hasSize(143).doesNotHaveDuplicates();
        assertThat(generations(all)).hasSize(143);
    }

    @Test
    void each_of_the_503_is_found_where_the_repositories_have_their_first_names() throws Exception {
        hub.withAmber().withCrystalCoder();
        Catalogue.refresh("crystalcoder");
        List<String> all = new ArrayList<>(references("amber"));
        all.addAll(references("crystalcoder"));
        assertThat(all).hasSize(503);
        Set<String> found = new HashSet<>();
        for (String reference : all) {
            HubPlan plan = CheckpointDownload.of(reference).orElseThrow().plan();
            assertThat(plan.repository())
                    .isEqualTo(
                            reference.startsWith("amber@")
                                    ? PublishedHub.AMBER
                                    : PublishedHub.CRYSTALCODER);
            assertThat(plan.files()).hasSize(3);
            found.add(plan.commit());
        }
        assertThat(found).hasSize(503);
    }

    private static List<String> references(String model) throws Exception {
        return Zoo.series(model).checkpoints().stream().map(ListedCheckpoint::reference).toList();
    }
}
