package ai.llm360.common.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Describes one architecture's decoder: its sizes, its weights by name, and its page.
 *
 * <p>The page is TorchScript with these methods, where {@code …} are the weights of {@link
 * #layer()} or {@link #finalNorm()} in order, linear ones as {@code Weight}. It calls what {@code
 * decoder.torchscript}, beside this class, and the page of a kind of linear weight define:
 * attention, the cache, {@code linear}, {@code conv1d}.
 *
 * <ul>
 *   <li>{@code embed(ids, table)}: (B, T) to (B, T, C)
 *   <li>{@code rotary_tables(positions, like)}: two tables of (positions, rotary dim)
 *   <li>{@code layer(x, cos, sin, cache, slots, start, …)}: (B, T, C) to (B, T, C), with the
 *       tokens' rows of the tables, and what {@code attention} is told of the cache that they
 *       continue
 *   <li>{@code final_norm(x, …)}: (B, T, C) to (B, T, C), the last hidden state
 *   <li>{@code head_input(x, …)}: the same, as the head's matrix multiplies it
 * </ul>
 *
 * <p>Where this project has kernels, they compute bfloat16 and int8 inference from the {@link
 * #rules} instead, if there are any; the page says the same in libtorch's terms, with which every
 * device computes, and training.
 *
 * @param page the page's text
 * @param constants what the page reads through {@code self}, besides {@code head_dim}, {@code
 *     attention_scale} and, where there are rules, their {@code eps}, {@code rotary_dim} and {@code
 *     head_scale}
 * @param vocabulary the number of tokens (V)
 * @param context the largest number of positions
 * @param layers the number of decoder layers
 * @param heads the heads of a layer's attention (H)
 * @param keyValueHeads the heads that the cache holds (K)
 * @param headDim the size of a head (D)
 * @param attentionScale what the scores of queries and keys are multiplied by
 * @param rules what the weights don't tell of a layer, for kernels; absent where the rules can't
 *     describe it, and the page alone computes it
 * @param embedding the embedding table
 * @param layerPrefix what precedes a layer's number in its weights' names, such as {@code
 *     model.layers}
 * @param layer the weights of a layer
 * @param finalNorm the weights of the norm before the head
 * @param head the head's matrix, absent where it is the embedding table
 */
public record DecoderLayout(
        String page,
        Map<String, ?> constants,
        int vocabulary,
        int context,
        int layers,
        int heads,
        int keyValueHeads,
        int headDim,
        double attentionScale,
        Optional<DecoderRules> rules,
        WeightSpec embedding,
        String layerPrefix,
        List<WeightSpec> layer,
        List<WeightSpec> finalNorm,
        Optional<WeightSpec> head) {

    /** Returns all constants that the page reads. */
    Map<String, Object> pageConstants() {
        Map<String, Object> all = new HashMap<>(constants);
        rules.ifPresent(
                known -> {
                    all.put("eps", known.eps());
                    all.put("rotary_dim", known.rotaryDim());
                    all.put("head_scale", known.headScale());
                });
        all.put("head_dim", headDim);
        all.put("attention_scale", attentionScale);
        return all;
    }

    /** Returns what precedes the names of a layer's weights. */
    public String layerPrefix(int layer) {
        return layerPrefix + "." + layer + ".";
    }

    /** The final norm's weights, then the head's matrix. */
    public List<WeightSpec> last() {
        List<WeightSpec> specs = new ArrayList<>(finalNorm);
        specs.add(head.orElseGet(embedding::asHead));
        return specs;
    }
}
