package ai.llm360.zoo.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.util.Progress;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.run.SavedState;
import ai.llm360.zoo.PublishedRun;
import ai.llm360.zoo.Reference;
import ai.llm360.zoo.TinyTraining;
import ai.llm360.zoo.source.TreeCheckpoint;
import ai.llm360.zoo.source.TreeException;
import ai.llm360.zoo.testing.TinyModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What becomes of a run when it is published, and of a tree that is published into again. */
class RunPublisherTest extends PublishedRun {

    @Test
    void publishing_again_mends_what_was_damaged() throws Exception {
        TreeCheckpoint published = publish().checkpoints().get(0);
        Path tokenizer = files(published).resolve("tokenizer.json"); // of both checkpoints
        Files.writeString(tokenizer, "{}");
        assertThatThrownBy(() -> Reference.resolve(inTree("my-amber@1")))
                .isInstanceOf(TreeException.class);
        assertThat(publish().added()).isEmpty();
        Reference.resolve(inTree("my-amber@0"));
        Reference.resolve(inTree("my-amber@1"));
    }

    @Test
    void phases_are_one_series() throws Exception {
        RunPublisher.Published published =
                RunPublisher.builder().setRun(phased).setTree(tree).build().publish();
        assertThat(published.model()).isEqualTo("nano");
        assertThat(published.repository()).isEqualTo("local/nano");
        assertThat(published.checkpoints()).hasSize(4);
        assertThat(published.checkpoints().get(3).name()).startsWith("phase2-0000");
        assertThat(published.checkpoints())
                .extracting(one -> one.standing().tokens().getAsLong())
                .isSorted()
                .doesNotHaveDuplicates();
        assertThat(byFacade(inTree("nano@latest")))
                .isEqualTo(byFacade(phased.resolve("phase2/ckpt-001").toString()));
    }

    @Test
    void a_run_that_its_steps_ended_within_a_chunk_is_published_up_to_its_end() throws Exception {
        TinyTraining training = TinyTraining.in(temp);
        Path ended = training.train(training.recipe().with("steps", 3), "ended");
        assertThat(ended.resolve("ckpt-000")).doesNotExist();
        RunPublisher.Published published = publisher().setRun(ended).build().publish();
        assertThat(published.added()).containsExactly("step-000000003");
        assertThat(published.checkpoints().get(0).standing().step()).hasValue(3);
        assertThat(byFacade(inTree("my-amber@latest")))
                .isEqualTo(byFacade(ended.resolve("resume/step-000000003").toString()));
        assertThat(publisher().setRun(ended).build().publish().added()).isEmpty();
    }

    @Test
    void a_point_to_resume_from_is_no_end() throws Exception {
        Path stopped = temp.resolve("stopped");
        copy(run, stopped);
        Files.createDirectory(stopped.resolve("resume"));
        Files.move(stopped.resolve("ckpt-001"), stopped.resolve("resume/step-000000012"));
        assertThat(publisher().setRun(stopped).build().publish().added())
                .containsExactly("ckpt-000");
    }

    @Test
    void a_series_of_directories_is_published_too() throws Exception {
        Path series = temp.resolve("series");
        TinyModel.writeTo(series.resolve("ckpt-9"));
        TinyModel.writeTo(series.resolve("ckpt-10"));
        RunPublisher.Published published =
                RunPublisher.builder().setRun(series).setTree(tree).build().publish();
        assertThat(published.model()).isEqualTo("series");
        assertThat(published.added()).containsExactly("ckpt-9", "ckpt-10");
    }

    @Test
    void publishing_again_adds_what_is_new_and_changes_nothing_else() throws Exception {
        Path half = temp.resolve("half");
        Files.createDirectories(half);
        copy(run, half);
        Path later = half.resolve("ckpt-001");
        Files.move(later, temp.resolve("later"));
        RunPublisher.Builder builder = publisher().setRun(half);
        RunPublisher.Published first = builder.build().publish();
        assertThat(first.added()).containsExactly("ckpt-000");
        List<String> before = visible();
        assertThat(builder.build().publish().added()).isEmpty();
        assertThat(visible()).isEqualTo(before);
        Files.move(temp.resolve("later"), later);
        RunPublisher.Published second = builder.build().publish();
        assertThat(second.added()).containsExactly("ckpt-001");
        assertThat(visible()).containsAll(before);
        assertThat(byFacade(inTree("my-amber@0")))
                .isEqualTo(byFacade(run.resolve("ckpt-000").toString()));
        assertThat(Files.readString(tree.resolve("api/models/local/my-amber/revision/main")))
                .contains(second.checkpoints().get(1).commit());
    }

    @Test
    void other_content_under_a_name_is_refused() throws Exception {
        RunPublisher.Published published = publish();
        List<String> before = visible();
        assertThatThrownBy(() -> publisher().optType(TensorType.BF16).build().publish())
                .isInstanceOf(TreeException.class)
                .hasMessageContaining("has another ckpt-000 of model my-amber");
        RunPublisher.Builder otherModel = publisher().optModel("other").optType(TensorType.BF16);
        assertThatThrownBy(() -> otherModel.optRepository("local/my-amber").build().publish())
                .isInstanceOf(TreeException.class)
                .hasMessageContaining("or repository local/my-amber");
        assertThat(visible()).isEqualTo(before);
        assertThat(Reference.resolve(inTree("my-amber@0")))
                .isEqualTo(files(published.checkpoints().get(0)));
    }

    @Test
    void what_files_have_in_common_lies_on_the_disk_once() throws Exception {
        List<TreeCheckpoint> published = publish().checkpoints();
        Path first = files(published.get(0)).resolve("tokenizer.json");
        Path second = files(published.get(1)).resolve("tokenizer.json");
        assertThat(Files.getAttribute(first, "unix:ino"))
                .isEqualTo(Files.getAttribute(second, "unix:ino"));
        assertThat(Files.getAttribute(weights(published.get(0)), "unix:ino"))
                .isNotEqualTo(
                        Files.getAttribute(run.resolve("ckpt-000/model.safetensors"), "unix:ino"));
    }

    @Test
    void a_failure_half_way_leaves_no_tree() {
        assertThatThrownBy(() -> publisher().optProgress(new Failing(4)).build().publish())
                .hasMessage("pulled the plug");
        assertThat(temp).isEmptyDirectory();
    }

    @Test
    void a_failure_half_way_leaves_a_tree_as_it_was() throws Exception {
        publish();
        List<String> before = visible();
        assertThatThrownBy(
                        () ->
                                publisher()
                                        .optModel("other")
                                        .optProgress(new Failing(6))
                                        .build()
                                        .publish())
                .hasMessage("pulled the plug");
        assertThatThrownBy(() -> Reference.resolve(inTree("other@latest")))
                .hasMessageContaining("has no model 'other'");
        publisher().optModel("other").build().publish();
        assertThat(visible()).containsAll(before);
        Reference.resolve(inTree("other@ckpt-001"));
    }

    @Test
    void a_damaged_checkpoint_is_not_published() throws Exception {
        Path damaged = temp.resolve("damaged");
        copy(run, damaged);
        Path file = damaged.resolve("ckpt-001/model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertThatThrownBy(() -> publisher().setRun(damaged).build().publish())
                .hasMessageContaining("is damaged");
        assertThat(tree).doesNotExist();
    }

    @Test
    void weights_are_cast_if_asked() throws Exception {
        TreeCheckpoint published =
                publisher().optType(TensorType.BF16).build().publish().checkpoints().get(0);
        try (Checkpoint checkpoint = Checkpoint.open(files(published))) {
            assertThat(checkpoint.tensors().values())
                    .allMatch(tensor -> tensor.type() == TensorType.BF16);
        }
        assertThat(Files.readString(files(published).resolve("manifest.json"))).contains("BF16");
    }

    @Test
    void state_goes_with_it_only_if_asked() throws Exception {
        TreeCheckpoint model = publish().checkpoints().get(1);
        assertThat(files(model).resolve("optimizer")).doesNotExist();
        assertThat(files(model).resolve("trainer_state.json")).doesNotExist();
        assertThat(files(model).resolve("config.yaml")).doesNotExist();
        TreeCheckpoint state =
                publisher()
                        .optModel("state")
                        .optWithState(true)
                        .build()
                        .publish()
                        .checkpoints()
                        .get(1);
        SavedState saved = SavedState.open(files(state));
        saved.verify();
        assertThat(saved.hasOptimizer()).isTrue();
        assertThat(byFacade(inTree("state@1"))).isEqualTo(byFacade(inTree("my-amber@1")));
    }

    @Test
    void a_manifest_has_the_hashes_that_the_run_wrote() throws Exception {
        TreeCheckpoint published = publish().checkpoints().get(0);
        String manifest = Files.readString(files(published).resolve("manifest.json"));
        SavedState saved = SavedState.open(run.resolve("ckpt-000"));
        try (Checkpoint weights = saved.openWeights()) {
            assertThat(weights.tensors().keySet())
                    .isNotEmpty()
                    .allSatisfy(
                            name ->
                                    assertThat(manifest)
                                            .contains(name, saved.tensorHashes().get(name)));
        }
    }

    @Test
    void what_is_no_tree_is_not_written_to() throws Exception {
        Files.createDirectories(tree);
        Files.writeString(tree.resolve("thesis.tex"), "years of work");
        assertThatThrownBy(this::publish).hasMessageContaining("not an empty directory");
        assertThat(visible()).containsExactly("thesis.tex");
        assertThatThrownBy(() -> publisher().optRepository("model/nlp").build().publish())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--repository");
        assertThatThrownBy(() -> publisher().setRun(temp).build().publish())
                .hasMessageContaining("holds no checkpoint");
    }

    /** Fails when it is told of the n-th piece of work. */
    private static final class Failing implements Progress {

        private int left;

        Failing(int left) {
            this.left = left;
        }

        @Override
        public void reset(String message, long max, String trailingMessage) {
            left--;
            if (left == 0) {
                throw new IllegalStateException("pulled the plug");
            }
        }

        @Override
        public void start(long initialProgress) {}

        @Override
        public void end() {}

        @Override
        public void increment(long increment) {}

        @Override
        public void update(long progress, String message) {}
    }
}
