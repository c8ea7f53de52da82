package ai.llm360.common.model;

import java.util.List;

/**
 * Describes for kernels what a decoder's page says in TorchScript and its weights don't tell.
 *
 * <p>A layer is x + attention(norm(x)), then x + feed-forward(norm(x)), the latter a SwiGLU. Biases
 * and grouped queries follow from the weights. A decoder with layers of another kind has no rules,
 * and its page computes it in every type.
 *
 * @param norm what the norms are
 * @param eps what they add to the mean of the squares
 * @param rotation which dimensions of a head turn together
 * @param rotaryDim how many of them turn (R)
 * @param gate which of the feed-forward's two matrices is the gate: 0 or 1
 * @param headScale what the final norm's result is multiplied by for the head
 * @param products how many of the layer's matrices, in order, each of its four products takes:
 *     queries, keys and values; the attention's output; gate and up; down
 */
public record DecoderRules(
        Norm norm,
        double eps,
        Rotation rotation,
        int rotaryDim,
        int gate,
        double headScale,
        List<Integer> products) {

    /** Names the divisor of a norm. */
    public enum Norm {
        /** RMSNorm (arXiv 1910.07467): the root of the mean of the squares. */
        RMS,
        /** LayerNorm (arXiv 1607.06450): the standard deviation, of what the mean leaves. */
        LAYER
    }

    /** Names the pairs of dimensions that rotate together, among the first R of a head. */
    public enum Rotation {
        /** i and i + R/2, as in LLaMA. */
        HALVES,
        /** 2i and 2i + 1, as in GPT-J. */
        PAIRS
    }

    /**
     * Creates rules.
     *
     * @throws IllegalArgumentException if {@code gate} is neither 0 nor 1, or there aren't four
     *     products
     */
    public DecoderRules {
        if (gate != 0 && gate != 1) {
            throw new IllegalArgumentException(
                    "the gate is the feed-forward's matrix 0 or 1, not " + gate);
        }
        products = List.copyOf(products);
        if (products.size() != 4) {
            throw new IllegalArgumentException("a layer has four products, not " + products.size());
        }
    }
}
