package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.model.Adapter;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.TokenBatch;
import ai.llm360.common.model.Trainable;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.testing.GoldenValues;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** First steps of fine-tuning beside transformers, PEFT and torch: losses and gradients' norms. */
class FineTuningGoldenTest {

    private static final double BETA = 0.1;

    private NDManager manager;
    private Amber amber;
    private Path fixture;
    private JsonObject golden;
    private JsonObject data;

    @BeforeEach
    void open() throws IOException {
        fixture = Fixtures.shared("fixtures/finetune");
        golden = json("golden.json");
        data = json("data.json");
        manager = NDManager.newBaseManager("PyTorch");
        try (GoldenValues base = new GoldenValues("amber-tiny", manager)) {
            Path layout = base.path("safetensors");
            amber = new Amber(AmberConfig.read(layout.resolve("config.json")));
            WeightLoader.load(amber, layout, manager, WeightType.FP32, null);
        }
    }

    @AfterEach
    void close() {
        if (manager != null) {
            manager.close();
        }
    }

    private JsonObject json(String name) throws IOException {
        return JsonParser.parseString(Files.readString(fixture.resolve(name))).getAsJsonObject();
    }

    /** A prompt and its answer, each of whose tokens has the same weight. */
    private TokenBatch row(JsonObject sample, String answer, double weight) {
        List<Long> ids = new ArrayList<>();
        sample.getAsJsonArray("prompt").forEach(id -> ids.add(id.getAsLong()));
        int prompt = ids.size();
        sample.getAsJsonArray(answer).forEach(id -> ids.add(id.getAsLong()));
        float[] weights = new float[ids.size() - 1];
        for (int t = prompt - 1; t < weights.length; t++) {
            weights[t] = (float) weight;
        }
        long[] row = ids.stream().mapToLong(Long::longValue).toArray();
        return new TokenBatch(
                manager.create(row, new Shape(1, row.length)),
                Optional.of(manager.create(weights, new Shape(1, weights.length))));
    }

    private static double norm(DecoderGradients gradients) {
        double sum = 0;
        for (NDArray gradient : gradients.gradients().values()) {
            double norm = gradient.norm().getFloat();
            sum += norm * norm;
        }
        return Math.sqrt(sum);
    }

    private static double labels(JsonArray rows) {
        double labels = 0;
        for (JsonElement row : rows) {
            labels += row.getAsJsonObject().getAsJsonArray("answer").size();
        }
        return labels;
    }

    /** Adds the rows of the first step. */
    private void assertFirstStep(Trainable trainable, String name, boolean perMicroBatch) {
        JsonArray step = data.getAsJsonArray("sft").get(0).getAsJsonArray();
        double all = 0;
        for (JsonElement micro : step) {
            all += labels(micro.getAsJsonArray());
        }
        try (DecoderGradients gradients = new DecoderGradients(trainable, false, 1)) {
            double loss = 0;
            for (JsonElement micro : step) {
                JsonArray rows = micro.getAsJsonArray();
                double divisor = perMicroBatch ? step.size() * labels(rows) : all;
                for (JsonElement row : rows) {
                    loss += gradients.add(row(row.getAsJsonObject(), "answer", 1), divisor);
                }
            }
            JsonObject expected = golden.getAsJsonObject(name);
            double norm = expected.getAsJsonArray("grad_norm").get(0).getAsDouble();
            assertThat(loss)
                    .isCloseTo(expected.getAsJsonArray("loss").get(0).getAsDouble(), within(1e-5));
            assertThat(norm(gradients)).isCloseTo(norm, within(1e-4 * norm));
        }
    }

    @Test
    void the_mean_over_a_steps_labels_is_that_of_transformers() {
        assertFirstStep(Trainable.of(amber), "sft.tokens", false);
    }

    @Test
    void the_mean_of_micro_batches_means_is_that_of_transformers_before() {
        assertFirstStep(Trainable.of(amber), "sft.micro-batch", true);
    }

    @Test
    void adapters_have_the_gradient_that_peft_gives() throws IOException {
        String prefix = "base_model.model.";
        try (Checkpoint start =
                Checkpoint.open(fixture.resolve("lora-start/adapter_model.safetensors"))) {
            for (TensorInfo tensor : start.tensors().values()) {
                if (tensor.name().endsWith(".lora_A.weight")) {
                    String layer = tensor.name().replace(".lora_A.weight", "");
                    amber.setAdapter(
                            layer.substring(prefix.length()) + ".weight",
                            new Adapter(
                                    read(start, tensor.name()),
                                    read(start, layer + ".lora_B.weight"),
                                    8 / 4.0));
                }
            }
        }
        assertFirstStep(Trainable.adapters(amber), "lora.tokens", false);
    }

    private NDArray read(Checkpoint checkpoint, String name) throws IOException {
        return manager.create(
                checkpoint.read(name), checkpoint.tensors().get(name).shape(), DataType.FLOAT32);
    }

    /**
     * Of {@code -log sigmoid(beta (chosen - rejected - reference))} the slope by each sequence's
     * log probability is its tokens' weight. Where the policy is the reference, it is half of beta.
     */
    @Test
    void weights_of_both_signs_give_the_gradient_of_a_preference_loss() {
        JsonArray pairs = data.getAsJsonArray("dpo").get(0).getAsJsonArray();
        try (DecoderGradients gradients = new DecoderGradients(amber, false, 0)) {
            for (JsonElement element : pairs) {
                JsonObject pair = element.getAsJsonObject();
                gradients.add(row(pair, "chosen", BETA / 2), pairs.size());
                gradients.add(row(pair, "rejected", -BETA / 2), pairs.size());
            }
            JsonObject first =
                    golden.getAsJsonObject("dpo").getAsJsonArray("steps").get(0).getAsJsonObject();
            double norm = first.get("grad_norm").getAsDouble();
            assertThat(norm(gradients)).isCloseTo(norm, within(1e-4 * norm));
        }
    }
}
