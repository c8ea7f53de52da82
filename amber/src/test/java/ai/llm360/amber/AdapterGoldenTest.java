package ai.llm360.amber;

import static ai.llm360.common.testing.GoldenValues.maxDifference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.finetune.AdapterConfig;
import ai.llm360.common.finetune.AdapterMerge;
import ai.llm360.common.finetune.LoraAdapters;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.testing.GoldenValues;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters of PEFT 0.21 against the logits and the merged weights that it gave with them. */
class AdapterGoldenTest {

    @TempDir Path temp;
    private NDManager manager;

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager("PyTorch");
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private Amber load(Path directory) throws IOException {
        Amber amber = new Amber(AmberConfig.read(directory.resolve("config.json")));
        WeightLoader.load(amber, directory, manager, WeightType.FP32, null);
        return amber;
    }

    @ParameterizedTest
    @ValueSource(strings = {"start", "end", "rs", "pattern"})
    void logits_are_those_of_peft_with_the_adapter_and_merged(String name) throws IOException {
        Path base = Fixtures.shared("fixtures/amber-tiny/safetensors");
        Path adapter = Fixtures.shared("fixtures/finetune/lora-" + name);
        try (GoldenValues golden = new GoldenValues("finetune", manager)) {
            long[][] ids = golden.ids("probe.ids");
            NDArray expected = golden.floats("lora." + name + ".logits");
            Amber amber = load(base);
            NDArray before = amber.logits(manager, ids);
            LoraAdapters.load(amber, adapter);
            assertThat(maxDifference(amber.logits(manager, ids), expected)).isLessThan(1e-4);
            assertThat(name.equals("start") ? 1 : maxDifference(before, expected))
                    .isGreaterThan(1e-2);

            Path merged = temp.resolve(name);
            AdapterMerge.write(
                    amber, base, List.of(adapter), CheckpointConverter.builder().setTarget(merged));
            assertThat(maxDifference(load(merged).logits(manager, ids), expected)).isLessThan(1e-4);
        }
    }

    @Test
    void merged_weights_are_those_of_peft() throws IOException {
        Path base = Fixtures.shared("fixtures/amber-tiny/safetensors");
        Path adapter = Fixtures.shared("fixtures/finetune/lora-end");
        Path target = temp.resolve("merged");
        AdapterMerge.write(
                new Amber(AmberConfig.read(base.resolve("config.json"))),
                base,
                List.of(adapter),
                CheckpointConverter.builder().setTarget(target));
        try (GoldenValues golden = new GoldenValues("finetune", manager);
                Checkpoint merged = Checkpoint.open(target)) {
            for (TensorInfo tensor : merged.tensors().values()) {
                NDArray actual =
                        manager.create(
                                merged.read(tensor.name()), tensor.shape(), DataType.FLOAT32);
                NDArray expected = golden.floats("lora.end.merged.weight." + tensor.name());
                assertThat(maxDifference(actual, expected)).as(tensor.name()).isLessThan(1e-7);
            }
            NDArray logits = load(target).logits(manager, golden.ids("probe.ids"));
            assertThat(maxDifference(logits, golden.floats("lora.end.merged.logits")))
                    .isLessThan(1e-4);
        }
    }

    /** Their bases have one layer of width 16. */
    @ParameterizedTest
    @CsvSource({"all, 7", "min, 1", "mts, 1", "plain, 2", "rank, 2"})
    void directories_of_peft_are_loaded(String name, int adapted) throws IOException {
        Path directory = Fixtures.shared("fixtures/peft/" + name);
        Amber amber = load(base());
        LoraAdapters lora = LoraAdapters.load(amber, directory);
        assertThat(amber.adapters()).hasSize(adapted);
        lora.write(temp.resolve("copy"));
        assertThat(AdapterConfig.read(temp.resolve("copy").resolve(AdapterConfig.FILE)))
                .isEqualTo(lora.config());
        if (name.equals("rank")) {
            assertThat(
                            amber.adapters()
                                    .get("model.layers.0.self_attn.k_proj.weight")
                                    .a()
                                    .getShape()
                                    .get(0))
                    .isEqualTo(2);
        }
        assertSameTensors(directory, temp.resolve("copy"));
    }

    private void assertSameTensors(Path left, Path right) throws IOException {
        try (Checkpoint a = Checkpoint.open(left);
                Checkpoint b = Checkpoint.open(right)) {
            assertThat(List.copyOf(b.tensors().keySet()))
                    .isEqualTo(List.copyOf(a.tensors().keySet()));
            for (String name : a.tensors().keySet()) {
                assertThat(b.read(name)).isEqualTo(a.read(name));
            }
        }
    }

    private Path base() throws IOException {
        return TinyAmber.of(
                        TinyAmber.sizes()
                                .setVocabularySize(40)
                                .setHiddenSize(16)
                                .setIntermediateSize(32)
                                .optLayers(1))
                .writeTo(temp.resolve("base"));
    }

    @ParameterizedTest
    @CsvSource({
        "bias, 'lora_bias is in use (biases of B)'",
        "dora, 'use_dora is in use (DoRA)'",
        "emb, 'target_modules names model.embed_tokens, which is no linear layer'",
        "gpt2, 'names no linear layer of this model, which has'"
    })
    void directories_that_cannot_be_computed_here_are_refused_by_name(String name, String problem)
            throws IOException {
        Path directory = Fixtures.shared("fixtures/peft/" + name);
        Amber amber = load(base());
        assertThatThrownBy(() -> LoraAdapters.load(amber, directory))
                .hasMessageStartingWith(directory.toString())
                .hasMessageContaining(problem);
        assertThat(amber.adapters()).isEmpty();
    }
}
