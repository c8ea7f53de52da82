package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Runs by their directories; docs/references.md says what is what. */
class RunCheckpointsTest extends PublishedRun {

    @Test
    void a_run_stands_for_its_last_checkpoint() throws Exception {
        Series series = Series.of(run.toString());
        CheckpointEntry last = series.checkpoint("latest");
        assertThat(Reference.resolve(run.toString())).isEqualTo(last.directory().orElseThrow());
        assertThat(last.reference()).isEqualTo(run + "@" + last.name());
        try (ZooModel<?, ?> model = Criteria.loadModel(run.toString())) {
            assertThat(model.getModelPath()).isEqualTo(run.resolve(last.name()));
        }
        try (ZooModel<String, String> model =
                ai.djl.repository.zoo.Criteria.builder()
                        .setTypes(String.class, String.class)
                        .optModelUrls("llm360://" + run)
                        .build()
                        .loadModel()) {
            assertThat(model.getModelPath()).isEqualTo(run.resolve(last.name()));
        }
    }

    @Test
    void each_of_a_series_is_loaded_by_its_reference() throws Exception {
        for (Path training : new Path[] {run, phased}) {
            for (CheckpointEntry one : Series.of(training.toString())) {
                assertThat(Reference.resolve(one.reference()))
                        .isEqualTo(one.directory().orElseThrow());
            }
        }
    }

    @Test
    void of_phases_the_last_one_counts_and_each_is_a_run() throws Exception {
        assertThat(Reference.resolve(phased.toString()).getParent().getFileName())
                .hasToString("phase2");
        assertThat(Reference.resolve(phased + "/phase1").getParent().getFileName())
                .hasToString("phase1");
        Files.createDirectories(temp.resolve("home"));
        Files.createSymbolicLink(temp.resolve("home/mine"), phased);
        assertThat(Reference.resolve("mine").getParent().getFileName()).hasToString("phase2");
    }

    @Test
    void a_damaged_checkpoint_is_in_the_way_of_no_other() throws Exception {
        Path copy = temp.resolve("copy");
        copy(run, copy);
        Path last = Reference.resolve(copy.toString());
        Files.writeString(last.resolve("manifest.json"), "{");
        assertThat(Reference.resolve(copy + "@ckpt-000")).isEqualTo(copy.resolve("ckpt-000"));
        assertThatThrownBy(() -> Reference.resolve(copy.toString()))
                .hasMessageContaining("manifest.json");
    }

    @Test
    void a_path_that_there_is_is_taken_as_it_stands() throws Exception {
        Path odd = Files.createDirectories(temp.resolve("my@0..3"));
        copy(run.resolve("ckpt-000"), odd.resolve("ckpt@1"));
        assertThat(Reference.resolve(odd + "/ckpt@1")).isEqualTo(odd.resolve("ckpt@1"));
        assertThat(Series.of(odd.toString()).checkpoints()).hasSize(1);
        assertThat(Reference.resolve(odd.toString())).isEqualTo(odd); // any model of several?
    }

    @Test
    void what_is_no_run_has_no_other_checkpoints() throws Exception {
        Path begun = Files.createDirectories(temp.resolve("begun"));
        Files.writeString(begun.resolve("config.yaml"), "name: begun\n");
        assertThatThrownBy(() -> Reference.resolve(begun.toString()))
                .hasMessageContaining("holds no checkpoint");
        assertThatThrownBy(() -> Reference.resolve(run + "/ckpt-000@1"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("is no series");
        assertThatThrownBy(() -> Reference.resolve(run + "@ckpt-099"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("there are ckpt-000");
    }
}
