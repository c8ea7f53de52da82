package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.zoo.testing.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelHomeTest {

    @TempDir Path temp;
    private Home home;

    @BeforeEach
    void open() {
        home = Home.at(temp);
    }

    @AfterEach
    void close() {
        home.close();
    }

    private void checkpoints(String model, String... names) throws IOException {
        for (String name : names) {
            Files.createDirectories(temp.resolve(model).resolve(name));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "amber@ckpt_007, ckpt_007",
        "amber@ckpt-7, ckpt_007",
        "amber@CKPT-07, ckpt_007",
        "amber@7, ckpt_007",
        "amber@007, ckpt_007",
        "amber@ckpt-70, ckpt-070",
        "amber@main, main",
        "amber@latest, ckpt-100",
        "amber, ckpt-100"
    })
    void one_checkpoint_has_several_spellings(String reference, String directory)
            throws ModelNotFoundException, IOException {
        checkpoints("amber", "main", "ckpt_007", "ckpt-070", "ckpt-100", ".unfinished");
        assertThat(Reference.resolve(reference))
                .isEqualTo(temp.resolve("amber").resolve(directory));
    }

    @Test
    void the_latest_is_the_highest_number_not_the_last_in_the_alphabet()
            throws ModelNotFoundException, IOException {
        checkpoints("amber", "ckpt_9", "ckpt_10", "zeta");
        assertThat(Reference.resolve("amber")).isEqualTo(temp.resolve("amber").resolve("ckpt_10"));
    }

    @Test
    void a_training_run_is_a_series_without_its_points_to_resume_from() throws IOException {
        checkpoints("my-run", "ckpt-000", "ckpt-001", "resume");
        assertThat(ModelHome.get().checkpoints("my-run")).containsExactly("ckpt-000", "ckpt-001");
    }

    @Test
    void a_number_is_no_other_series_checkpoint() throws IOException {
        checkpoints("crystal", "phase2-7");
        assertThatThrownBy(() -> Reference.resolve("crystal@7"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("phase2-7");
    }

    @Test
    void an_unknown_checkpoint_is_answered_with_what_there_is_and_how_to_get_it()
            throws IOException {
        checkpoints("amber", "ckpt_100", "ckpt_200");
        assertThatThrownBy(() -> Reference.resolve("amber@ckpt-360"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("no checkpoint 'ckpt-360' of 'amber'")
                .hasMessageContaining("ckpt_100, ckpt_200")
                .hasMessageContaining("put its files into " + temp.resolve("amber/ckpt-360"));
    }

    @Test
    void a_long_series_is_shown_by_its_ends() throws IOException {
        for (int i = 0; i < 30; i++) {
            checkpoints("amber", "ckpt_%03d".formatted(i));
        }
        assertThatThrownBy(() -> Reference.resolve("amber@ckpt-360"))
                .hasMessageContaining("ckpt_010 … ckpt_029 (30 in all)")
                .hasMessageNotContaining("ckpt_011");
    }

    @Test
    void an_unknown_model_is_answered_with_the_models_there_are() throws IOException {
        checkpoints("amber", "ckpt-1");
        assertThatThrownBy(() -> Reference.resolve("ambre@ckpt-1"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("no model 'ambre'")
                .hasMessageContaining(temp + " has amber")
                .hasMessageContaining("LLM360_HOME");
    }

    @Test
    void an_empty_or_missing_home_says_so() {
        assertThatThrownBy(() -> Reference.resolve("amber"))
                .hasMessageContaining(temp + " has none");
        try (Home missing = Home.at(temp.resolve("missing"))) {
            assertThat(missing).isNotNull();
            assertThatThrownBy(() -> Reference.resolve("amber@3"))
                    .isInstanceOf(ModelNotFoundException.class)
                    .hasMessageContaining("has none");
        }
    }
}
