package ai.llm360.common.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.TokenBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Compares texts that are computed as one row with the same texts alone. */
public final class TextsOfARow {

    private static final long[][] TEXTS = {{1, 5, 9, 33, 2}, {1, 7}, {1, 40, 41, 42, 43, 44, 6, 2}};

    private TextsOfARow() {}

    /**
     * Holds that losses and gradients are the same, also where layers are computed again, and that
     * they wouldn't be if the texts saw each other.
     *
     * @param decoder one with float32 weights
     * @param manager its manager
     */
    public static void assertAsAlone(CausalDecoder decoder, NDManager manager) {
        List<TokenBatch> alone = new ArrayList<>();
        for (long[] text : TEXTS) {
            alone.add(batch(manager, List.of(text), false));
        }
        Map<String, float[]> expected = gradients(decoder, alone, 0);
        for (int recomputed : new int[] {0, 1, 99}) {
            List<TokenBatch> together = List.of(batch(manager, List.of(TEXTS), true));
            Map<String, float[]> actual = gradients(decoder, together, recomputed);
            assertThat(difference(actual, expected)).isCloseTo(0, within(2e-6)); // order of sums
        }
        List<TokenBatch> mixed = List.of(batch(manager, List.of(TEXTS), false));
        assertThat(difference(gradients(decoder, mixed, 0), expected)).isGreaterThan(1e-3);
    }

    private static TokenBatch batch(NDManager manager, List<long[]> texts, boolean apart) {
        long[] ids = texts.stream().flatMapToLong(Arrays::stream).toArray();
        float[] weights = new float[ids.length - 1];
        long[] inputs = new long[texts.size()];
        int begin = 0;
        for (int i = 0; i < inputs.length; i++) {
            int size = texts.get(i).length;
            Arrays.fill(weights, begin, begin + size - 1, 1);
            inputs[i] = size;
            begin += size;
        }
        inputs[inputs.length - 1]--;
        NDArray row = manager.create(ids).expandDims(0);
        return new TokenBatch(
                row,
                Optional.of(manager.create(weights).expandDims(0)),
                apart ? inputs : new long[0]);
    }

    private static Map<String, float[]> gradients(
            CausalDecoder decoder, List<TokenBatch> batches, int recomputed) {
        Map<String, float[]> all = new TreeMap<>();
        try (DecoderGradients gradients = new DecoderGradients(decoder, false, recomputed)) {
            float loss = 0;
            float heldOut = 0;
            for (TokenBatch batch : batches) {
                loss += (float) gradients.addCounted(batch, 12);
                heldOut += (float) gradients.loss(batch, 12);
            }
            gradients.gradients().forEach((name, array) -> all.put(name, array.toFloatArray()));
            all.put("loss", new float[] {loss});
            all.put("held out", new float[] {heldOut});
        }
        return all;
    }

    /** Returns the largest difference, of numbers up to about 1. */
    private static double difference(Map<String, float[]> one, Map<String, float[]> other) {
        assertThat(one.keySet()).isEqualTo(other.keySet());
        double most = 0;
        for (Map.Entry<String, float[]> entry : one.entrySet()) {
            float[] values = other.get(entry.getKey());
            for (int i = 0; i < values.length; i++) {
                most = Math.max(most, Math.abs(entry.getValue()[i] - values[i]));
            }
        }
        return most;
    }
}
