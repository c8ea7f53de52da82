package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.amber.testing.TinyRun;
import ai.llm360.common.finetune.AdapterConfig;
import ai.llm360.common.finetune.LoraAdapters;
import ai.llm360.common.finetune.ModuleNames;
import ai.llm360.common.model.Adapter;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.TokenBatch;
import ai.llm360.common.model.Trainable;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.ValidationLoss;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Adapters are trained on a frozen base of any type. */
class AdapterTrainingTest {

    private static final String PEFT = "base_model.model.";
    private static final String QUERY = "model.layers.0.self_attn.q_proj";
    private static final String DOWN = "model.layers.1.mlp.down_proj";
    private static final long[][] IDS = {{1, 17, 33, 4, 95, 60, 2}};

    @TempDir Path temp;
    private NDManager manager;
    private Path model;

    @BeforeEach
    void open() throws IOException {
        manager = NDManager.newBaseManager("PyTorch");
        model = temp.resolve("model");
        TinyAmber.of(TinyAmber.sizes()).writeTo(model);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private void load(Amber amber, NDManager owner, WeightType type) {
        try {
            WeightLoader.load(amber, model, owner, type, null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Adds adapters that change nothing yet: B is zero. */
    private static void adapt(Amber amber, NDManager owner) {
        amber.setAdapter(QUERY + ".weight", adapter(owner, 32, 32));
        amber.setAdapter(DOWN + ".weight", adapter(owner, 56, 32));
    }

    private static Adapter adapter(NDManager owner, int inputs, int outputs) {
        Random random = new Random(inputs);
        float[] a = new float[4 * inputs];
        for (int i = 0; i < a.length; i++) {
            a[i] = (float) (random.nextGaussian() / Math.sqrt(inputs));
        }
        return new Adapter(
                owner.create(a, new Shape(4, inputs)), owner.zeros(new Shape(outputs, 4)), 2);
    }

    private TinyRun run(WeightType type, Map<String, float[]> matrices, List<NDArray> logits) {
        TinyRun run = new TinyRun();
        return run.trainable(Trainable::adapters)
                .before(
                        (amber, owner) -> {
                            load(amber, owner, type);
                            adapt(amber, owner);
                            logits.add(amber.logits(manager, IDS));
                        })
                .afterEachStep(
                        amber -> {
                            Trainable.adapters(amber)
                                    .weights()
                                    .forEach((name, x) -> matrices.put(name, x.toFloatArray()));
                            assertThat(amber.getParameters().values())
                                    .noneMatch(weight -> weight.getArray().hasGradient());
                            if (run.metrics().size() == TinyRun.STEPS) {
                                logits.add(amber.logits(manager, IDS));
                            }
                        });
    }

    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16"})
    void adapters_learn_on_a_frozen_base_and_resume_to_the_same_bits(WeightType type)
            throws IOException {
        Map<String, float[]> matrices = new LinkedHashMap<>();
        List<NDArray> logits = new ArrayList<>();
        TinyRun run = run(type, matrices, logits);
        run.run(temp.resolve("whole"));
        List<ValidationLoss> losses = ValidationLoss.read(temp.resolve("whole"));
        assertThat(losses.get(losses.size() - 1).loss()).isLessThan(losses.get(0).loss());
        assertThat(matrices.keySet())
                .containsExactly(
                        PEFT + QUERY + ".lora_A.weight",
                        PEFT + QUERY + ".lora_B.weight",
                        PEFT + DOWN + ".lora_A.weight",
                        PEFT + DOWN + ".lora_B.weight");
        assertThat(matrices.get(PEFT + QUERY + ".lora_B.weight")).doesNotContain(0);
        assertThat(matrices.get(PEFT + QUERY + ".lora_A.weight"))
                .isNotEqualTo(adapter(manager, 32, 32).a().toFloatArray());
        assertThat(logits.get(1)).isNotEqualTo(logits.get(0));
        Map<String, String> saved = SavedState.open(temp.resolve("whole/ckpt-002")).tensorHashes();
        assertThat(saved)
                .hasSize(3 * matrices.size())
                .containsKeys(PEFT + QUERY + ".lora_A.weight");

        Path stopped = temp.resolve("stopped");
        run(type, matrices, logits).stopAfter(11).run(stopped);
        run(type, matrices, logits).run(stopped);
        TinyRun.assertSame(stopped, temp.resolve("whole"));
    }

    private TinyRun lora(List<NDArray> logits) {
        List<LoraAdapters> lora = new ArrayList<>();
        TinyRun run = new TinyRun();
        return run.recompute(1)
                .before(
                        (amber, owner) -> {
                            load(amber, owner, WeightType.BF16);
                            AdapterConfig config =
                                    AdapterConfig.builder()
                                            .optR(4)
                                            .optLoraDropout(0.2)
                                            .optTargetModules(ModuleNames.matching("all-linear"))
                                            .build();
                            lora.add(LoraAdapters.begin(amber, config, 7));
                        })
                .trainable(amber -> lora.get(0).trainable(7))
                .files(() -> lora.get(0).files())
                .afterEachStep(
                        amber -> {
                            if (run.metrics().size() == TinyRun.STEPS) {
                                logits.add(amber.logits(manager, IDS));
                            }
                        });
    }

    /** With dropout, and layers that are computed again. */
    @Test
    void saved_states_are_directories_of_peft_and_resume_to_the_same_bits() throws IOException {
        List<NDArray> logits = new ArrayList<>();
        Path whole = temp.resolve("whole");
        lora(logits).run(whole);
        List<ValidationLoss> losses = ValidationLoss.read(whole);
        assertThat(losses.get(losses.size() - 1).loss()).isLessThan(losses.get(0).loss());
        Path last = whole.resolve("ckpt-002");
        assertThat(last.resolve("adapter_model.safetensors")).exists();
        assertThat(last.resolve("model.safetensors")).doesNotExist();
        Amber amber = new Amber(TinyAmber.sizes().build());
        load(amber, manager, WeightType.BF16);
        LoraAdapters.load(amber, last);
        assertThat(amber.logits(manager, IDS)).isEqualTo(logits.get(0));

        Path stopped = temp.resolve("stopped");
        lora(logits).stopAfter(11).run(stopped);
        lora(logits).run(stopped);
        TinyRun.assertSame(stopped, whole);
    }

    private TokenBatch batch() {
        long[] ids = new Random(5).longs(50, 0, 96).toArray();
        return new TokenBatch(manager.create(ids, new Shape(2, 25)), Optional.empty());
    }

    /** Three steps of gradient descent: the base computes afterwards as it did before. */
    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16", "INT8"})
    void a_base_of_any_type_has_no_gradient_and_keeps_its_bits(WeightType type) {
        Amber amber = new Amber(TinyAmber.sizes().build());
        load(amber, manager, type);
        NDArray before = amber.logits(manager, IDS);
        adapt(amber, manager);
        List<Double> losses = new ArrayList<>();
        try (DecoderGradients gradients =
                new DecoderGradients(Trainable.adapters(amber), false, 1)) {
            assertThat(gradients.gradients()).hasSize(4);
            for (int step = 0; step < 3; step++) {
                losses.add(gradients.add(batch(), 48));
                gradients
                        .weights()
                        .forEach(
                                (name, weight) ->
                                        weight.subi(gradients.gradients().get(name).mul(5)));
                gradients.clear();
            }
            losses.add(gradients.loss(batch(), 48));
        }
        assertThat(losses.get(3)).isLessThan(losses.get(0) - 0.01);
        assertThat(amber.getParameters().values())
                .noneMatch(weight -> weight.getArray().hasGradient());
        amber.removeAdapters();
        assertThat(amber.logits(manager, IDS)).isEqualTo(before);
    }
}
