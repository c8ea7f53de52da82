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
        "amber@359, main",
        "amber@latest, main",
        "amber@1.26T-tokens, main",
        "amber@353B-tokens, ckpt-100",
        "amber, main"
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
        checkpoints("my-run", "ckpt_9", "ckpt_10", "zeta");
        assertThat(Reference.resolve("my-run")).isEqualTo(temp.resolve("my-run/ckpt_10"));
    }

    @Test
    void a_training_run_is_a_series_without_its_points_to_resume_from()
            throws ModelNotFoundException, IOException {
        checkpoints("my-run", "ckpt-000", "ckpt-001", "resume");
        assertThat(Series.of("my-run"))
                .extracting(CheckpointEntry::name)
                .containsExactly("ckpt-000", "ckpt-001");
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
                .hasMessageContaining("no checkpoint 'ckpt-360': amber has ckpt-000 to ckpt-359")
                .hasMessageContaining(temp.resolve("amber") + " has ckpt_100, ckpt_200");
    }

    @Test
    void one_that_was_published_but_is_not_here_is_answered_with_where_it_is() throws IOException {
        checkpoints("amber", "ckpt_100");
        assertThatThrownBy(() -> Reference.resolve("amber@7"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("amber@ckpt-007 is not on this machine")
                .hasMessageContaining(temp.resolve("amber") + " has ckpt_100")
                .hasMessageContaining(
                        "put the files of IFM/Amber, revision ckpt_007, into "
                                + temp.resolve("amber/ckpt-007"));
    }

    @ParameterizedTest
    @CsvSource({
        "phase1-055500, phase1-55500",
        "phase1-055500, CrystalCoder_phase1_checkpoint_055500",
        "CrystalCoder_phase1_checkpoint_055500, phase1-055500",
        "phase3-027728, latest",
        "CrystalCoder_phase3_checkpoint_027728, latest",
        "phase3-027728, 1.4T-tokens"
    })
    void a_directory_and_a_reference_may_spell_a_published_checkpoint_differently(
            String directory, String asked) throws ModelNotFoundException, IOException {
        checkpoints("crystalcoder", "phase2-214387", directory);
        assertThat(Reference.resolve("crystalcoder@" + asked))
                .isEqualTo(temp.resolve("crystalcoder").resolve(directory));
    }

    @Test
    void phases_of_a_training_are_in_order_though_their_steps_begin_anew()
            throws ModelNotFoundException, IOException {
        checkpoints("crystalcoder", "phase3-001000", "phase2-214387", "phase1-079721");
        assertThat(Series.of("crystalcoder"))
                .filteredOn(CheckpointEntry::isHere)
                .extracting(CheckpointEntry::name)
                .containsExactly("phase1-079721", "phase2-214387", "phase3-001000");
    }

    @Test
    void the_latest_of_a_published_model_is_the_last_that_was_published() throws IOException {
        checkpoints("crystalcoder", "phase3-001000");
        assertThatThrownBy(() -> Reference.resolve("crystalcoder"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("crystalcoder@phase3-027728 is not on this machine");
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
