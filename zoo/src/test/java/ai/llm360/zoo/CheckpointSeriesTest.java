package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.zoo.testing.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What there is by name, at hand or not. */
class CheckpointSeriesTest {

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

    private static List<String> atHand(String model) throws ModelNotFoundException, IOException {
        return Series.of(model).checkpoints().stream()
                .filter(CheckpointEntry::isHere)
                .map(CheckpointEntry::name)
                .toList();
    }

    @Test
    void what_is_on_this_machine_is_marked_whatever_its_spelling()
            throws ModelNotFoundException, IOException {
        Files.createDirectories(temp.resolve("amber/main"));
        Files.createDirectories(temp.resolve("amber/ckpt_007"));
        assertThat(Series.of("amber")).hasSize(360);
        assertThat(atHand("amber")).containsExactly("ckpt-007", "ckpt-359");
        assertThat(Series.of("amber").checkpoints().get(7).directory())
                .hasValue(temp.resolve("amber/ckpt_007"));
    }

    @Test
    void what_is_here_but_not_known_by_name_has_its_place_in_the_order()
            throws ModelNotFoundException, IOException {
        Files.createDirectories(temp.resolve("crystalcoder/phase1-003000"));
        Files.createDirectories(temp.resolve("crystalcoder/mine"));
        assertThat(Series.of("crystalcoder"))
                .hasSize(58)
                .extracting(CheckpointEntry::name)
                .startsWith("mine", "phase1-001500", "phase1-003000", "phase1-004500");
        assertThat(atHand("crystalcoder")).containsExactly("mine", "phase1-003000");
    }

    @Test
    void what_the_library_brings_is_always_at_hand() throws ModelNotFoundException, IOException {
        List<CheckpointEntry> items = Series.of("amber-nano").checkpoints();
        assertThat(items).hasSize(10).allMatch(CheckpointEntry::isHere);
        assertThat(items).allMatch(item -> item.directory().isEmpty());
        assertThat(items.get(9).tokens()).isNotEmpty();
        assertThat(temp).isEmptyDirectory();
    }

    @Test
    void models_are_published_brought_or_in_the_home() throws ModelNotFoundException, IOException {
        Files.createDirectories(temp.resolve("my-run/ckpt-000"));
        assertThat(Zoo.ofEnvironment().models())
                .containsExactly(
                        "amber",
                        "crystalcoder",
                        "amberchat",
                        "ambersafe",
                        "crystalchat",
                        "amber-nano",
                        "amber-nano-chat",
                        "crystalcoder-nano",
                        "my-run");
        assertThat(atHand("my-run")).containsExactly("ckpt-000");
        assertThatThrownBy(() -> Series.of("my-rum"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("no model 'my-rum'")
                .hasMessageContaining("my-run");
    }

    private static List<String> references(String series)
            throws ModelNotFoundException, IOException {
        return Series.of(series).checkpoints().stream().map(CheckpointEntry::reference).toList();
    }

    @Test
    void a_range_of_any_series_is_a_series() throws ModelNotFoundException, IOException {
        Files.createDirectories(temp.resolve("my-run/ckpt-000"));
        Files.createDirectories(temp.resolve("my-run/ckpt-001"));
        assertThat(references("amber@0..359:120"))
                .containsExactly("amber@ckpt-000", "amber@ckpt-120", "amber@ckpt-240");
        assertThat(references("amber-nano@7..latest"))
                .containsExactly(
                        "amber-nano@ckpt-007", "amber-nano@ckpt-008", "amber-nano@ckpt-009");
        assertThat(references("my-run@1..1")).containsExactly("my-run@ckpt-001");
        assertThat(Series.of("amber").range("main", "latest", 1)).hasSize(1);
        assertThatThrownBy(() -> Series.of("amber-nano@5..2"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("'amber-nano@5..2' selects nothing")
                .hasMessageContaining("the earlier one first");
    }

    @Test
    void a_uniform_sample_has_both_ends_and_even_distances()
            throws ModelNotFoundException, IOException {
        assertThat(references("amber@uniform:5"))
                .containsExactly(
                        "amber@ckpt-000",
                        "amber@ckpt-090",
                        "amber@ckpt-180",
                        "amber@ckpt-269",
                        "amber@ckpt-359");
        Series nano = Series.of("amber-nano");
        assertThat(nano.sample(10).checkpoints()).isEqualTo(nano.checkpoints());
        assertThat(nano.sample(2))
                .extracting(CheckpointEntry::name)
                .containsExactly("ckpt-000", "ckpt-009");
        for (int count : new int[] {1, 11}) {
            assertThatThrownBy(() -> nano.sample(count))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("2 to 10 of them, not " + count);
        }
    }

    @Test
    void the_nearest_to_a_number_of_tokens_is_found_in_any_series()
            throws ModelNotFoundException, IOException {
        assertThat(Series.of("amber").nearest(1_000_000_000_000L).name()).isEqualTo("ckpt-285");
        Series nano = Series.of("amber-nano");
        CheckpointEntry third = nano.checkpoints().get(3);
        assertThat(nano.nearest(third.tokens().getAsLong() + 1)).isEqualTo(third);
        assertThatThrownBy(() -> Series.of("amberchat").nearest(1))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("checkpoints of amberchat");
    }

    @Test
    void a_run_in_the_model_home_knows_its_steps_and_tokens() throws Exception {
        TinyTraining training = TinyTraining.in(Files.createDirectories(temp.resolve("data")));
        Files.move(training.train(training.recipe(), "nano"), temp.resolve("my-run"));
        Series run = Series.of("my-run");
        assertThat(run).allMatch(CheckpointEntry::isHere).isNotEmpty();
        assertThat(run)
                .extracting(checkpoint -> checkpoint.tokens().orElseThrow())
                .isSorted()
                .doesNotHaveDuplicates();
        assertThat(run.checkpoints().get(0).step()).isPresent();
    }

    @Test
    void an_element_loads_the_model_that_its_reference_names() throws Exception {
        CheckpointEntry last = Series.of("amber-nano").checkpoint("latest");
        try (ZooModel<String, String> model = last.load();
                ZooModel<String, String> same = Criteria.loadModel("amber-nano@ckpt-009")) {
            assertThat(model.getModelPath()).isEqualTo(same.getModelPath());
        }
    }

    @Test
    void a_revision_of_any_repository_is_a_checkpoint_and_no_series() throws Exception {
        CheckpointEntry one = Zoo.ofEnvironment().checkpoint("some/model@main");
        assertThat(one.source()).isEqualTo(CheckpointEntry.Source.HUB);
        assertThat(one.reference()).isEqualTo("some/model@main");
        assertThat(one.isHere()).isFalse();
        assertThatThrownBy(() -> Series.of("some/model@main"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("is one revision of a repository");
    }
}
