package ai.llm360.crystalcoder;

import static ai.llm360.common.testing.GoldenValues.maxDifference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.finetune.AdapterConfig;
import ai.llm360.common.finetune.AdapterMerge;
import ai.llm360.common.finetune.LoraAdapters;
import ai.llm360.common.finetune.ModuleNames;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.testing.TextsOfARow;
import ai.llm360.crystalcoder.testing.TinyCrystalCoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Adapters of weights that are stored [in, out]. */
class CrystalCoderAdapterTest {

    private static final long[][] IDS = {{1, 17, 33, 4, 95, 60, 2}, {5, 6, 7, 8, 9, 10, 11}};

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

    private CrystalCoder load(Path directory, WeightType type) throws IOException {
        CrystalCoder model =
                new CrystalCoder(CrystalCoderConfig.read(directory.resolve("config.json")));
        WeightLoader.load(model, directory, manager, type, null);
        return model;
    }

    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16", "INT8"})
    void the_change_is_turned_when_it_is_merged(WeightType type) throws IOException {
        Path directory = new TinyCrystalCoder().writeTo(temp.resolve("model"));
        CrystalCoder model = load(directory, type);
        NDArray before = model.logits(manager, IDS);
        NDArray exact = load(directory, WeightType.FP32).logits(manager, IDS);
        AdapterConfig config =
                AdapterConfig.builder()
                        .optTargetModules(ModuleNames.matching("all-linear"))
                        .optInitLoraWeights("false")
                        .build();
        LoraAdapters lora = LoraAdapters.begin(model, config, 4);
        assertThat(lora.config().fanInFanOut()).isTrue();
        assertThat(lora.config().targetModules().names())
                .containsExactly("c_attn", "c_fc", "c_fc2", "c_proj");
        NDArray adapted = model.logits(manager, IDS);
        lora.write(temp.resolve("adapter"));
        AdapterMerge.write(
                model,
                directory,
                List.of(temp.resolve("adapter")),
                CheckpointConverter.builder().setTarget(temp.resolve("merged")));
        NDArray merged = load(temp.resolve("merged"), WeightType.FP32).logits(manager, IDS);
        double rounding = maxDifference(before, exact);
        assertThat(maxDifference(merged, exact)).isGreaterThan(Math.max(0.1, 4 * rounding));
        assertThat(maxDifference(adapted, merged)).isLessThan(Math.max(1e-5, 2 * rounding));
        model.removeAdapters();
        assertThat(model.logits(manager, IDS)).isEqualTo(before);
    }

    @Test
    void texts_of_a_row_are_trained_as_if_each_were_alone() throws IOException {
        Path directory = new TinyCrystalCoder().writeTo(temp.resolve("model"));
        TextsOfARow.assertAsAlone(load(directory, WeightType.FP32), manager);
    }

    @Test
    void targets_are_to_be_named() throws IOException {
        CrystalCoder model =
                load(new TinyCrystalCoder().writeTo(temp.resolve("model")), WeightType.FP32);
        AdapterConfig none = AdapterConfig.builder().build();
        assertThatThrownBy(() -> LoraAdapters.begin(model, none, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("give some of [c_attn, c_fc, c_fc2, c_proj]");
        AdapterConfig whole =
                AdapterConfig.builder()
                        .optTargetModules(ModuleNames.of(List.of("c_attn")))
                        .optModulesToSave(List.of("wte"))
                        .build();
        assertThatThrownBy(() -> LoraAdapters.begin(model, whole, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("which is the head too");
    }

    /** PEFT's own directory of GPT-2, whose layers these are. */
    @Test
    void a_directory_of_peft_for_gpt2_is_loaded() throws IOException {
        Path gpt2 = Fixtures.shared("fixtures/peft/gpt2");
        String config =
                TinyCrystalCoder.CONFIG
                        .replace("\"n_embd\": 32, \"n_layer\": 2", "\"n_embd\": 16, \"n_layer\": 1")
                        .replace("\"n_inner\": 56", "\"n_inner\": 64");
        Path directory = new TinyCrystalCoder(config).writeTo(temp.resolve("model"));
        CrystalCoder model = load(directory, WeightType.FP32);
        LoraAdapters lora = LoraAdapters.load(model, gpt2);
        assertThat(lora.config().fanInFanOut()).isTrue();
        assertThat(model.adapters().keySet())
                .containsExactly(
                        "transformer.h.0.attn.c_attn.weight",
                        "transformer.h.0.attn.c_proj.weight",
                        "transformer.h.0.mlp.c_proj.weight");
    }
}
