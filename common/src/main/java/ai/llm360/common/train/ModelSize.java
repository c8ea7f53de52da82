package ai.llm360.common.train;

import ai.djl.ndarray.types.Shape;
import ai.llm360.common.model.CausalDecoder;
import java.util.Arrays;
import java.util.Collection;

/**
 * The sizes of a decoder that decide what its training costs.
 *
 * @param parameters all parameters
 * @param matrices the parameters that each token is multiplied with: all matrices but the embedding
 *     table, which is looked up only; the head counts also where it is that table
 * @param layerMatrices those of one layer
 * @param layers the number of layers (L)
 * @param hidden the width of the residual stream (C)
 * @param intermediate the widest dimension of a layer's matrices: the feed-forward width (F), or
 *     that of queries, keys and values where they are one matrix
 * @param vocabulary the number of tokens (V)
 * @param context the largest number of positions
 */
public record ModelSize(
        long parameters,
        long matrices,
        long layerMatrices,
        int layers,
        int hidden,
        int intermediate,
        int vocabulary,
        int context) {

    /** Measures a decoder, which needs no weights for it. */
    public static ModelSize of(CausalDecoder decoder) {
        Collection<Shape> all = decoder.parameterShapes().values();
        Collection<Shape> layer = decoder.layers().get(0).parameterShapes().values();
        Shape table = all.iterator().next(); // the embedding comes first: (V, C)
        long layerMatrices =
                layer.stream().filter(s -> s.dimension() == 2).mapToLong(Shape::size).sum();
        return new ModelSize(
                all.stream().mapToLong(Shape::size).sum(),
                decoder.layers().size() * layerMatrices + table.size(),
                layerMatrices,
                decoder.layers().size(),
                Math.toIntExact(table.get(1)),
                Math.toIntExact(
                        layer.stream()
                                .flatMapToLong(s -> Arrays.stream(s.getShape()))
                                .max()
                                .orElseThrow()),
                decoder.vocabularySize(),
                decoder.contextLength());
    }
}
