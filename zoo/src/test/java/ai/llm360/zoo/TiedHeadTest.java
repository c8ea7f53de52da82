package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.amber.Amber;
import ai.llm360.amber.AmberConfig;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightPreparation;
import ai.llm360.common.model.WeightType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A checkpoint that holds both an embedding table and a head, beside a configuration that says that
 * they are one. Where they differ, the head is used, as transformers 5.18 does.
 */
class TiedHeadTest {

    private static final String HEAD = "lm_head.weight";
    private static final String TABLE = "model.embed_tokens.weight";

    @TempDir Path temp;
    private Path untied;
    private Path claimed;

    @BeforeEach
    void write() throws IOException {
        TinyAmber model = TinyAmber.of(TinyAmber.sizes());
        untied = model.writeTo(temp.resolve("untied"));
        claimed = claim(model, "claimed");
    }

    /** Writes a model, head and all, with a configuration that ties the head. */
    private Path claim(TinyAmber model, String name) throws IOException {
        Path directory = model.writeTo(temp.resolve(name));
        Path config = directory.resolve("config.json");
        String text = Files.readString(config);
        String tied =
                text.replace("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true");
        assertThat(tied).isNotEqualTo(text);
        Files.writeString(config, tied);
        return directory;
    }

    private static float[] logits(Path directory, WeightType dtype) throws Exception {
        try (ZooModel<NDList, NDList> model =
                        Criteria.of(directory.toString(), NDList.class, NDList.class)
                                .optDtype(dtype)
                                .loadModel();
                Predictor<NDList, NDList> predictor = model.newPredictor()) {
            NDArray ids = model.getNDManager().create(new long[][] {{1, 5, 9, 42, 17}});
            return predictor.predict(new NDList(ids)).singletonOrThrow().toFloatArray();
        }
    }

    @ParameterizedTest
    @EnumSource(WeightType.class)
    void a_head_of_its_own_is_used_in_every_dtype(WeightType dtype) throws Exception {
        try {
            assertThat(logits(claimed, dtype)).isEqualTo(logits(untied, dtype));
        } catch (IllegalArgumentException e) {
            Assumptions.abort(e.getMessage()); // no kernels for int8
        }
    }

    @Test
    void a_head_that_equals_the_table_is_tied() throws Exception {
        TinyAmber model = TinyAmber.of(TinyAmber.sizes());
        System.arraycopy(model.weight(TABLE), 0, model.weight(HEAD), 0, 96 * 32);
        Path same = claim(model, "same");
        assertThat(Criteria.newBlock(same.toString()).parameterShapes()).doesNotContainKey(HEAD);
        assertThat(logits(same, WeightType.FP32))
                .isEqualTo(logits(model.writeTo(temp.resolve("plain")), WeightType.FP32));
    }

    @Test
    void the_configuration_counts_where_there_are_no_weights_yet() throws Exception {
        Files.delete(claimed.resolve("model.safetensors"));
        assertThat(Criteria.newBlock(claimed.toString()).parameterShapes()).doesNotContainKey(HEAD);
    }

    @ParameterizedTest
    @EnumSource(
            value = TensorType.class,
            names = {"F32", "BF16"})
    void converting_keeps_both_and_corrects_the_configuration(TensorType type) throws Exception {
        Path target = convert(claimed, type);
        try (Checkpoint checkpoint = Checkpoint.open(target)) {
            assertThat(checkpoint.tensors()).containsKeys(HEAD, TABLE);
        }
        assertThat(AmberConfig.read(target.resolve("config.json")).tiedEmbeddings()).isFalse();
        assertThat(logits(target, WeightType.FP32))
                .isEqualTo(logits(convert(untied, type), WeightType.FP32));
    }

    private Path convert(Path source, TensorType type) throws IOException {
        Path target = temp.resolve(source.getFileName() + "-" + type);
        Amber block = new Amber(AmberConfig.read(source.resolve("config.json")));
        CheckpointConverter.Builder converter =
                CheckpointConverter.builder()
                        .setSource(source)
                        .setTarget(target)
                        .optIgnored(block.ignoredTensors());
        (type == TensorType.F32 ? converter : converter.optType(type)).build().convert();
        return target;
    }

    @Test
    void prepared_weights_are_of_the_head() throws Exception {
        float[] expected = logits(untied, WeightType.INT8);
        WeightPreparation.prepare(
                Criteria.newBlock(claimed.toString()), claimed, WeightType.INT8, null);
        assertThat(logits(claimed, WeightType.INT8)).isEqualTo(expected);
    }

    @Test
    void a_block_that_was_made_without_looking_at_the_weights_refuses_them() throws Exception {
        Amber block = new Amber(AmberConfig.read(claimed.resolve("config.json")));
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            assertThatThrownBy(() -> WeightLoader.load(block, claimed, manager, null, null))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("lm_head.weight isn't equal to model.embed_tokens.weight")
                    .hasMessageContaining("set tie_word_embeddings to false");
        }
    }
}
