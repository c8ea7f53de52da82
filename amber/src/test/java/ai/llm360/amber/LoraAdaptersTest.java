package ai.llm360.amber;

import static ai.llm360.common.testing.GoldenValues.maxDifference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.finetune.AdapterConfig;
import ai.llm360.common.finetune.AdapterDirectory;
import ai.llm360.common.finetune.AdapterMerge;
import ai.llm360.common.finetune.LoraAdapters;
import ai.llm360.common.finetune.ModuleNames;
import ai.llm360.common.model.CpuKernels;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.TokenBatch;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.testing.SafetensorsBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class LoraAdaptersTest {

    private static final long[][] IDS = {{1, 17, 33, 4, 95, 60, 2}, {5, 6, 7, 8, 9, 10, 11}};

    @TempDir Path temp;
    private NDManager manager;
    private Path model;

    @BeforeEach
    void open() throws IOException {
        manager = NDManager.newBaseManager("PyTorch");
        model = TinyAmber.of(TinyAmber.sizes()).writeTo(temp.resolve("model"));
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private Amber load(WeightType type) throws IOException {
        return load(model, type);
    }

    private Amber load(Path directory, WeightType type) throws IOException {
        Amber amber = new Amber(AmberConfig.read(directory.resolve("config.json")));
        WeightLoader.load(amber, directory, manager, type, null);
        return amber;
    }

    private static AdapterConfig.Builder config(String... targets) {
        return AdapterConfig.builder()
                .optR(4)
                .optLoraAlpha(6)
                .optTargetModules(ModuleNames.of(List.of(targets)));
    }

    /** One whose B isn't zero. */
    private Path adapter(String name, AdapterConfig.Builder config, long seed) throws IOException {
        Path directory = temp.resolve(name);
        Amber amber = load(WeightType.FP32);
        LoraAdapters lora =
                LoraAdapters.begin(amber, config.optInitLoraWeights("false").build(), seed);
        if (!lora.config().modulesToSave().isEmpty()) {
            amber.getParameters().get("lm_head.weight").getArray().muli(1.5);
        }
        lora.write(directory);
        return directory;
    }

    private static Map<String, FloatBuffer> tensors(Path adapter) throws IOException {
        Map<String, FloatBuffer> all = new TreeMap<>();
        try (Checkpoint checkpoint = Checkpoint.open(adapter)) {
            assertThat(List.copyOf(checkpoint.tensors().keySet())).isSorted();
            for (String name : checkpoint.tensors().keySet()) {
                all.put(name, checkpoint.read(name).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer());
            }
        }
        return all;
    }

    @Test
    void a_new_one_changes_nothing_and_begins_as_pefts_do() throws IOException {
        Amber amber = load(WeightType.FP32);
        NDArray before = amber.logits(manager, IDS);
        AdapterConfig all =
                AdapterConfig.builder()
                        .optTargetModules(ModuleNames.matching("all-linear"))
                        .build();
        LoraAdapters lora = LoraAdapters.begin(amber, all, 3);
        assertThat(amber.logits(manager, IDS)).isEqualTo(before);
        assertThat(lora.config().targetModules().names())
                .containsExactly(
                        "down_proj",
                        "gate_proj",
                        "k_proj",
                        "o_proj",
                        "q_proj",
                        "up_proj",
                        "v_proj");
        assertThat(amber.adapters()).hasSize(14);
        lora.write(temp.resolve("new"));
        Map<String, FloatBuffer> tensors = tensors(temp.resolve("new"));
        assertThat(tensors).hasSize(28);
        FloatBuffer a = tensors.get("base_model.model.model.layers.1.mlp.down_proj.lora_A.weight");
        assertThat(a.capacity()).isEqualTo(8 * 56);
        float most = 0;
        for (int i = 0; i < a.capacity(); i++) {
            most = Math.max(most, Math.abs(a.get(i)));
        }
        assertThat((double) most).isBetween(0.98 / Math.sqrt(56), 1 / Math.sqrt(56));
        assertThat(tensors.get("base_model.model.model.layers.1.mlp.down_proj.lora_B.weight"))
                .isEqualTo(FloatBuffer.allocate(32 * 8));

        Path again = temp.resolve("again");
        amber.removeAdapters();
        LoraAdapters.begin(amber, all, 3).write(again);
        assertThat(tensors(again)).isEqualTo(tensors);
        amber.removeAdapters();
        Path other = temp.resolve("other");
        LoraAdapters.begin(amber, all, 4).write(other);
        assertThat(tensors(other)).isNotEqualTo(tensors);
        assertThatThrownBy(() -> LoraAdapters.begin(amber, all, 4))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("has an adapter already");
        assertThatThrownBy(() -> lora.write(again)).isInstanceOf(FileAlreadyExistsException.class);
    }

    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16", "INT8"})
    void what_is_written_computes_on_any_base_as_before_and_leaves_it_whole(WeightType type)
            throws IOException {
        Path directory =
                adapter(
                        "adapter",
                        config("q_proj", "down_proj").optModulesToSave(List.of("lm_head")),
                        1);
        Amber amber = load(type);
        NDArray before = amber.logits(manager, IDS);
        LoraAdapters lora = LoraAdapters.load(amber, directory);
        NDArray adapted = amber.logits(manager, IDS);
        assertThat(maxDifference(adapted, before)).isGreaterThan(0.1);
        assertThat(lora.config().modulesToSave()).containsExactly("lm_head");

        Amber merged = new Amber(amber.config());
        Path target = temp.resolve("merged");
        AdapterMerge.write(
                merged, model, List.of(directory), CheckpointConverter.builder().setTarget(target));
        WeightLoader.load(merged, target, manager, WeightType.FP32, null);
        NDArray exact = merged.logits(manager, IDS);
        // of bfloat16's 8 bits and int8's 7; the logits reach 8
        double bound = type == WeightType.FP32 ? 1e-5 : 0.15;
        assertThat(maxDifference(adapted, exact)).isLessThan(bound);
        amber.removeAdapters();
        assertThat(amber.logits(manager, IDS)).isEqualTo(before);
    }

    @Test
    void an_adapter_that_is_loaded_can_be_written_again() throws IOException {
        Path directory =
                adapter(
                        "adapter",
                        config("v_proj")
                                .optLoraDropout(0.1)
                                .optModulesToSave(List.of("lm_head"))
                                .optRankPattern(Map.of("layers.1.self_attn.v_proj", 2)),
                        1);
        Amber amber = load(WeightType.FP32);
        LoraAdapters.load(amber, directory).write(temp.resolve("copy"));
        for (String name : List.of(AdapterConfig.FILE, AdapterDirectory.TENSORS)) {
            assertThat(temp.resolve("copy").resolve(name))
                    .hasSameBinaryContentAs(directory.resolve(name));
        }
        try (Stream<Path> files = Files.list(temp.resolve("copy"))) {
            assertThat(files).hasSize(2);
        }
    }

    @Test
    void changes_of_several_are_added_each_with_its_scale() throws IOException {
        Path first = adapter("first", config("q_proj", "down_proj"), 1);
        Path second =
                adapter(
                        "second",
                        config("q_proj", "up_proj").optR(2).optLoraAlpha(9).optUseRslora(true),
                        2);
        Amber amber = load(WeightType.FP32);
        LoraAdapters lora = LoraAdapters.load(amber, List.of(first, second)).get(0);
        Path target = temp.resolve("merged");
        AdapterMerge.write(
                amber,
                model,
                List.of(first, second),
                CheckpointConverter.builder().setTarget(target));
        NDArray expected = load(target, WeightType.FP32).logits(manager, IDS);
        NDArray sum = amber.logits(manager, IDS);
        assertThat(maxDifference(sum, expected)).isLessThan(1e-5);
        assertThatThrownBy(() -> lora.trainable(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("other adapters");

        Amber oneByOne = load(WeightType.FP32);
        LoraAdapters.load(oneByOne, first);
        NDArray alone = oneByOne.logits(manager, IDS);
        assertThat(maxDifference(alone, expected)).isGreaterThan(0.01);
        LoraAdapters.load(oneByOne, second);
        assertThat(maxDifference(oneByOne.logits(manager, IDS), expected)).isLessThan(1e-5);

        Path third = adapter("third", config("q_proj").optModulesToSave(List.of("lm_head")), 3);
        Path fourth = adapter("fourth", config("q_proj").optModulesToSave(List.of("lm_head")), 4);
        assertThatThrownBy(() -> LoraAdapters.load(amber, List.of(third, fourth)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageStartingWith(fourth + ": replaces lm_head.weight");
        assertThat(amber.logits(manager, IDS)).isEqualTo(sum);
    }

    /** Modules by PEFT 0.21's own rules, asked by hand. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            nullValues = "",
            value = {
                "[]; ; q_proj 0, v_proj 0, q_proj 1, v_proj 1",
                "[\"q_proj\"]; ; q_proj 0, q_proj 1",
                "[\"proj\"]; ; ",
                "[\"self_attn.q_proj\"]; ; q_proj 0, q_proj 1",
                "[\"model.layers.1.self_attn.q_proj\"]; ; q_proj 1",
                "\".*q_proj\"; ; q_proj 0, q_proj 1",
                "\"q_proj\"; ; ",
                "\"model\\\\.layers\\\\.0\\\\..*(up|down)_proj\"; ; up_proj 0, down_proj 0",
                "\"all-linear\"; \"exclude_modules\": \".*mlp.*\"; q_proj 0, k_proj 0, v_proj 0,"
                        + " o_proj 0, q_proj 1, k_proj 1, v_proj 1, o_proj 1",
                "[\"lm_head\"]; ; lm_head",
                "[\"q_proj\", \"up_proj\"]; \"exclude_modules\": [\"q_proj\"]; up_proj 0, up_proj"
                        + " 1",
                "[\"q_proj\", \"up_proj\"]; \"exclude_modules\": [\"layers.0.mlp.up_proj\"]; q_proj"
                        + " 0, q_proj 1, up_proj 1",
                "[\"q_proj\"]; \"layers_to_transform\": [1]; q_proj 1",
                "[\"q_proj\"]; \"layers_to_transform\": 0, \"layers_pattern\": \"layers\"; q_proj"
                        + " 0",
                "[\"q_proj\"]; \"layers_to_transform\": 0, \"layers_pattern\": \"h\"; ",
                "\".*q_proj\"; \"layers_to_transform\": [1]; q_proj 0, q_proj 1",
                "[\"lm_head\", \"q_proj\"]; \"modules_to_save\": [\"lm_head\"]; q_proj 0, q_proj 1",
                "[\"q_proj\", \"up_proj\"]; \"modules_to_save\": [\"mlp\"]; q_proj 0, q_proj 1"
            })
    void targets_are_those_that_peft_would_choose(String targets, String more, String expected)
            throws IOException {
        String json =
                "{\"peft_type\": \"LORA\", \"r\": 2, \"target_modules\": %s%s}"
                        .formatted(targets, more == null ? "" : ", " + more);
        Path file = Files.writeString(temp.resolve("config.json"), json);
        Amber amber = load(WeightType.FP32);
        AdapterConfig config = AdapterConfig.read(file);
        if (expected == null) {
            assertThatThrownBy(() -> LoraAdapters.begin(amber, config, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("names no linear layer of this model, which has");
            return;
        }
        LoraAdapters.begin(amber, config, 1);
        assertThat(amber.adapters().keySet().stream().map(LoraAdaptersTest::shortName))
                .containsExactlyInAnyOrder(expected.split(", "));
    }

    /** {@code q_proj 0} of {@code model.layers.0.self_attn.q_proj.weight}. */
    private static String shortName(String weight) {
        return weight.replaceFirst("\\.weight$", "")
                .replaceFirst("model\\.layers\\.(\\d+)\\..*\\.(\\w+)", "$2 $1");
    }

    @Test
    void the_first_pattern_that_matches_gives_rank_and_alpha() throws IOException {
        Amber amber = load(WeightType.FP32);
        Map<String, Integer> ranks = new LinkedHashMap<>();
        ranks.put("layers\\.1\\..*", 3);
        ranks.put("k_proj", 2);
        LoraAdapters.begin(
                amber,
                config("k_proj", "q_proj")
                        .optRankPattern(ranks)
                        .optAlphaPattern(Map.of("^model.layers.0.self_attn.q_proj", 1.0))
                        .build(),
                1);
        Map<String, String> scales = new TreeMap<>();
        amber.adapters()
                .forEach(
                        (name, adapter) ->
                                scales.put(
                                        shortName(name),
                                        adapter.a().getShape().get(0) + " " + adapter.scale()));
        assertThat(scales)
                .isEqualTo(
                        Map.of(
                                "k_proj 0", "2 3.0",
                                "q_proj 0", "4 0.25",
                                "k_proj 1", "3 2.0",
                                "q_proj 1", "3 2.0"));
    }

    @ParameterizedTest
    @CsvSource({
        "embed_tokens, 'names model.embed_tokens, which is no linear layer'",
        "norm, 'names model.norm, which is no linear layer'"
    })
    void what_is_no_linear_layer_is_no_target(String target, String problem) throws IOException {
        Amber amber = load(WeightType.FP32);
        AdapterConfig config = config("q_proj", target).build();
        assertThatThrownBy(() -> LoraAdapters.begin(amber, config, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(problem);
        assertThat(amber.adapters()).isEmpty();
    }

    @Test
    void a_table_that_is_the_head_too_is_not_trained_whole() throws IOException {
        Amber tied = new Amber(TinyAmber.sizes().optTiedEmbeddings(true).build());
        AdapterConfig config = config("q_proj").optModulesToSave(List.of("embed_tokens")).build();
        assertThatThrownBy(() -> LoraAdapters.begin(tied, config, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("tied");
    }

    private static final String KEY = "base_model.model.model.layers.%d.self_attn.q_proj.lora_%s";

    private SafetensorsBuilder tensors(int layers) {
        SafetensorsBuilder tensors = new SafetensorsBuilder();
        for (int i = 0; i < layers; i++) {
            tensors.floats(KEY.formatted(i, "A.weight"), new long[] {2, 32}, new float[64]);
            tensors.floats(KEY.formatted(i, "B.weight"), new long[] {32, 2}, new float[64]);
        }
        return tensors;
    }

    private Path directory(SafetensorsBuilder tensors) throws IOException {
        Path directory = Files.createDirectories(temp.resolve("hostile"));
        Files.write(
                directory.resolve(AdapterConfig.FILE), config("q_proj").optR(2).build().toJson());
        tensors.write(directory.resolve(AdapterDirectory.TENSORS));
        return directory;
    }

    @Test
    void tensors_that_are_not_the_bases_change_nothing() throws IOException {
        Amber amber = load(WeightType.FP32);
        List<Map.Entry<SafetensorsBuilder, String>> cases = new ArrayList<>();
        cases.add(Map.entry(tensors(1), "2 missing"));
        cases.add(
                Map.entry(
                        tensors(2)
                                .floats(
                                        "base_model.model.model.embed_tokens.weight",
                                        new long[] {1},
                                        1),
                        "1 unexpected"));
        cases.add(
                Map.entry(
                        tensors(2).floats(KEY.formatted(0, "magnitude_vector"), new long[] {1}, 1),
                        "lora_magnitude_vector"));
        cases.add(
                Map.entry(
                        tensors(1)
                                .floats(
                                        KEY.formatted(1, "A.weight"),
                                        new long[] {2, 16},
                                        new float[32])
                                .floats(
                                        KEY.formatted(1, "B.weight"),
                                        new long[] {32, 2},
                                        new float[64]),
                        "lora_A.weight is (2, 16), expected (2, 32)"));
        cases.add(
                Map.entry(
                        tensors(1)
                                .tensor(
                                        KEY.formatted(1, "A.weight"),
                                        TensorType.I32,
                                        new long[] {2, 32},
                                        new byte[256])
                                .floats(
                                        KEY.formatted(1, "B.weight"),
                                        new long[] {32, 2},
                                        new float[64]),
                        "is I32; those of an adapter are F32, F16 or BF16"));
        cases.add(Map.entry(tensors(2).data(8), "adapter_model.safetensors"));
        for (Map.Entry<SafetensorsBuilder, String> one : cases) {
            Path hostile = directory(one.getKey());
            assertThatThrownBy(() -> LoraAdapters.load(amber, hostile))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageStartingWith(hostile.toString())
                    .hasMessageContaining(one.getValue());
            assertThat(amber.adapters()).isEmpty();
        }
        LoraAdapters.load(amber, directory(tensors(2)));
        assertThat(amber.adapters()).hasSize(2);
        assertThatThrownBy(() -> LoraAdapters.load(amber, temp))
                .isInstanceOf(CheckpointException.class)
                .hasMessage(
                        temp
                                + ": holds no adapter: there is no adapter_config.json in it; there"
                                + " is one in hostile");
        assertThatThrownBy(() -> LoraAdapters.load(amber, temp.resolve("absent")))
                .hasMessageContaining("there is no such directory");
    }

    @Test
    void half_floats_of_an_adapter_are_computed_in_float32() throws IOException {
        byte[] ones = new byte[128];
        for (int i = 1; i < 128; i += 2) {
            ones[i] = 0x3F; // with 0x00 it is 0.5 in bfloat16
        }
        SafetensorsBuilder half = new SafetensorsBuilder();
        for (int i = 0; i < 2; i++) {
            half.tensor(KEY.formatted(i, "A.weight"), TensorType.BF16, new long[] {2, 32}, ones);
            half.tensor(KEY.formatted(i, "B.weight"), TensorType.BF16, new long[] {32, 2}, ones);
        }
        Amber amber = load(WeightType.BF16);
        LoraAdapters.load(amber, directory(half));
        assertThat(amber.adapters().values())
                .allSatisfy(adapter -> assertThat(adapter.a().toFloatArray()).containsOnly(0.5f));
    }

    @Test
    void a_merge_rounds_the_change_to_the_weights_type_and_stays_finite() throws IOException {
        Path half = temp.resolve("half");
        CheckpointConverter.builder()
                .setSource(model)
                .setTarget(half)
                .optType(TensorType.BF16)
                .build()
                .convert();
        Path directory = adapter("adapter", config("q_proj"), 1);
        Amber base = new Amber(AmberConfig.read(model.resolve("config.json")));
        Path target = temp.resolve("merged");
        AdapterMerge.write(
                base,
                half,
                List.of(directory),
                CheckpointConverter.builder().setTarget(target).optType(TensorType.F32));
        String name = "model.layers.1.self_attn.q_proj.weight";
        float[] before = floats(half, name);
        float[] after = floats(target, name);
        FloatBuffer a = tensors(directory).get(KEY.formatted(1, "A.weight"));
        FloatBuffer b = tensors(directory).get(KEY.formatted(1, "B.weight"));
        int changed = 0;
        for (int i = 0; i < 1024; i++) {
            double change = 0;
            for (int k = 0; k < 4; k++) {
                change += b.get(i / 32 * 4 + k) * a.get(k * 32 + i % 32);
            }
            float rounded = bf16((float) (change * 1.5));
            float ulp = Math.abs(bf16((float) (change * 1.5 * 1.0001)) - rounded);
            assertThat(after[i]).isEqualTo(bf16(after[i]));
            assertThat((double) Math.abs(after[i] - bf16(before[i] + rounded)))
                    .isLessThanOrEqualTo(Math.max(ulp, Math.ulp(before[i]) * (1 << 16)));
            changed += after[i] == before[i] ? 0 : 1;
        }
        assertThat(changed).isGreaterThan(900);
        assertThat(floats(target, "model.norm.weight"))
                .isEqualTo(floats(half, "model.norm.weight"));

        SafetensorsBuilder infinite = tensors(1);
        float[] huge = new float[64];
        huge[0] = Float.MAX_VALUE; // A[0][0] and B[0][0]
        infinite.floats(KEY.formatted(1, "A.weight"), new long[] {2, 32}, huge);
        infinite.floats(KEY.formatted(1, "B.weight"), new long[] {32, 2}, huge);
        Path damaged = directory(infinite);
        Path none = temp.resolve("none");
        assertThatThrownBy(
                        () ->
                                AdapterMerge.write(
                                        base,
                                        half,
                                        List.of(damaged),
                                        CheckpointConverter.builder().setTarget(none)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageStartingWith(damaged + ": " + name + " is infinite or NaN");
        assertThat(none).doesNotExist();
    }

    private static float bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat((bits + 0x7FFF + (bits >>> 16 & 1)) & 0xFFFF0000);
    }

    private static float[] floats(Path checkpoint, String name) throws IOException {
        try (Checkpoint open = Checkpoint.open(checkpoint)) {
            ByteBuffer bytes = open.read(name, TensorType.F32).order(ByteOrder.LITTLE_ENDIAN);
            float[] values = new float[bytes.remaining() / 4];
            bytes.asFloatBuffer().get(values);
            return values;
        }
    }

    private Map<String, float[]> gradients(long seed, long step, double share, int recomputed)
            throws IOException {
        return gradients(load(WeightType.FP32), seed, step, share, recomputed);
    }

    private Map<String, float[]> gradients(
            Amber amber, long seed, long step, double share, int recomputed) {
        AdapterConfig config =
                config("q_proj", "down_proj")
                        .optLoraDropout(share)
                        .optInitLoraWeights("false")
                        .build();
        LoraAdapters lora = LoraAdapters.begin(amber, config, 1);
        TokenBatch batch = new TokenBatch(manager.create(IDS), Optional.empty());
        Map<String, float[]> all = new TreeMap<>();
        try (DecoderGradients gradients =
                new DecoderGradients(lora.trainable(seed), false, recomputed)) {
            gradients.setStep(step, 0);
            all.put("loss", new float[] {(float) gradients.add(batch, 12)});
            gradients.gradients().forEach((name, array) -> all.put(name, array.toFloatArray()));
            all.put("held out", new float[] {(float) gradients.loss(batch, 12)});
        }
        return all;
    }

    /**
     * The weights are such that int8 and bfloat16 hold them exactly. So only the products' own
     * rounding is left: the order of float32's sums, or bfloat16's 8 bits where the CPU has its
     * arithmetic; the largest gradient is about 1.
     */
    @ParameterizedTest
    @EnumSource(names = {"BF16", "INT8"})
    void gradients_over_a_rounded_base_are_those_over_the_same_numbers(WeightType type)
            throws IOException {
        Path rounded = rounded();
        Map<String, float[]> expected = gradients(load(rounded, WeightType.FP32), 1, 1, 0, 0);
        Map<String, float[]> actual = gradients(load(rounded, type), 1, 1, 0, 0);
        double bound = CpuKernels.get().slowBfloat16() ? 1e-5 : 0.05;
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        float most = 0;
        for (Map.Entry<String, float[]> entry : expected.entrySet()) {
            float[] values = actual.get(entry.getKey());
            for (int i = 0; i < values.length; i++) {
                float wanted = entry.getValue()[i];
                assertThat((double) values[i]).as(entry.getKey()).isCloseTo(wanted, within(bound));
                most = Math.max(most, Math.abs(wanted));
            }
        }
        assertThat(most).isGreaterThan(0.1f);
        assertThat(gradients(load(model, type), 1, 1, 0, 0).get("loss"))
                .isNotEqualTo(gradients(load(model, WeightType.FP32), 1, 1, 0, 0).get("loss"));
    }

    /** Writes the model with numbers of bfloat16, and of at most 127 steps in linear weights. */
    private Path rounded() throws IOException {
        Path directory = Files.createDirectories(temp.resolve("rounded"));
        Files.copy(model.resolve("config.json"), directory.resolve("config.json"));
        SafetensorsBuilder tensors = new SafetensorsBuilder();
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            for (TensorInfo tensor : checkpoint.tensors().values()) {
                float[] values = floats(model, tensor.name());
                boolean linear = tensor.name().endsWith("_proj.weight");
                long row = tensor.shape().tail();
                for (int i = 0; i < values.length; i++) {
                    int steps = Math.max(-127, Math.min(127, Math.round(values[i] * 256)));
                    values[i] = linear ? (i % row == 0 ? 127 : steps) / 256f : bf16(values[i]);
                }
                tensors.floats(tensor.name(), tensor.shape().getShape(), values);
            }
        }
        tensors.write(directory.resolve("model.safetensors"));
        return directory;
    }

    private static void assertSame(Map<String, float[]> actual, Map<String, float[]> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        actual.forEach((name, values) -> assertThat(values).isEqualTo(expected.get(name)));
    }

    @Test
    void dropout_follows_from_seed_and_step_also_where_layers_are_computed_again()
            throws IOException {
        Map<String, float[]> first = gradients(5, 7, 0.3, 0);
        assertSame(gradients(5, 7, 0.3, 0), first);
        assertThat(gradients(5, 7, 0.3, 2).get("loss")).isEqualTo(first.get("loss"));
        assertSame(gradients(5, 7, 0.3, 2), first);
        assertThat(gradients(5, 8, 0.3, 0).get("loss")).isNotEqualTo(first.get("loss"));
        assertThat(gradients(6, 7, 0.3, 0).get("loss")).isNotEqualTo(first.get("loss"));
        Map<String, float[]> none = gradients(5, 7, 0, 0);
        assertThat(none.get("loss"))
                .isNotEqualTo(first.get("loss"))
                .isEqualTo(none.get("held out"));
        assertThat(first.get("held out")).isEqualTo(none.get("held out"));
    }
}
