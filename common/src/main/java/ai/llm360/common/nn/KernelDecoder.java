package ai.llm360.common.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.kernel.KernelAttention;
import ai.llm360.common.kernel.KernelMatrix;
import ai.llm360.common.kernel.KernelRows;
import ai.llm360.common.kernel.KernelScratch;
import ai.llm360.common.kernel.KernelSteps;
import ai.llm360.common.nn.KernelWeights.Group;
import ai.llm360.common.nn.KernelWeights.Norm;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A decoder's inference on this project's kernels: its {@link DecoderRules} on bfloat16 or int8
 * matrices, everything between the products in float32.
 */
final class KernelDecoder {

    /**
     * Up to so many rows of bfloat16 are ours, more are libtorch's: as many as a pass over the
     * matrix serves, or four times as many where libtorch has no bfloat16 arithmetic to use.
     */
    private static final int FEW = 4;

    private static final int FEW_WITHOUT_ARITHMETIC = 16;

    private final DecoderLayout layout;
    private final DecoderRules rules;
    private final KernelAttention attention;
    private final KernelWeights weights;
    private final KernelRows cosines;
    private final KernelRows sines;
    private final TensorLoader loader;

    /**
     * @param tables the cosines and sines of all positions' angles, (positions, R) each
     */
    KernelDecoder(
            DecoderLayout layout, KernelWeights weights, NDArray[] tables, TensorLoader loader) {
        this.layout = layout;
        this.weights = weights;
        this.loader = loader;
        cosines = rows(tables[0]);
        sines = rows(tables[1]);
        rules = layout.rules().orElseThrow();
        attention =
                new KernelAttention(
                        layout.heads(),
                        layout.keyValueHeads(),
                        layout.headDim(),
                        rules.rotaryDim(),
                        rules.rotation() == DecoderRules.Rotation.PAIRS,
                        (float) layout.attentionScale());
    }

    /**
     * Returns whether there are kernels for a decoder on this machine, and rules for them. A matrix
     * that they round, perhaps from float32, lies in a direct buffer.
     */
    static boolean supports(DecoderLayout layout) {
        long largest =
                Stream.concat(layout.layer().stream(), layout.last().stream())
                        .mapToLong(weight -> weight.shape().size())
                        .max()
                        .orElse(0);
        return KernelMatrix.supported()
                && layout.rules().isPresent()
                && KernelAttention.supports(layout.headDim())
                && largest <= Integer.MAX_VALUE / Float.BYTES;
    }

    /** Whether so many rows are computed here. */
    boolean takes(long rows) {
        boolean slow = CpuKernels.get().bfloat16() == LinearKind.BFLOAT16;
        return weights.manyRows() || rows <= (slow ? FEW_WITHOUT_ARITHMETIC : FEW);
    }

    /**
     * Begins a pass through the layers.
     *
     * @param manager what a cache is attached to where there is none
     * @param x the residual stream, (B, T, C), which each layer changes
     * @param cached the rows' places in a cache that they continue, or {@code null}
     */
    KernelPass begin(NDManager manager, NDArray x, CachedRows cached) {
        boolean owned = cached == null;
        CachedRows rows = owned ? uncached(manager, x.getShape()) : cached;
        return new KernelPass(rules, attention, x, cosines, sines, rows, owned);
    }

    /** Whole rows need their keys and values no longer than a layer takes. */
    private CachedRows uncached(NDManager manager, Shape shape) {
        int rows = Math.toIntExact(shape.get(0));
        int tokens = Math.toIntExact(shape.get(1));
        Shape size = new Shape(rows, layout.keyValueHeads(), tokens, layout.headDim());
        KvCache cache = new KvCache(manager, loader, 1, size, TensorType.F32);
        int[] slots = new int[rows];
        for (int row = 0; row < rows; row++) {
            slots[row] = row;
        }
        return new CachedRows(cache, slots, tokens);
    }

    /** Runs one layer of a pass. */
    void layer(KernelPass pass, int layer, List<Parameter> parameters) {
        pass.layer(layer, weights.layer(layer, parameters), () -> weights.expect(layer + 1));
    }

    /**
     * The final norm and the head.
     *
     * @param last whether to take the last position alone: (B, T, C) to (B, V), else to (B, T, V)
     */
    NDArray logits(NDManager manager, NDArray x, boolean last, List<Parameter> parameters) {
        Group group = weights.last(parameters);
        KernelMatrix head = group.products().get(0).matrices().get(0);
        Shape shape = x.getShape();
        KernelRows states = rows(x);
        int tokens = Math.toIntExact(shape.get(1));
        List<KernelRows> taken = new ArrayList<>();
        if (last && tokens > 1) {
            for (int end = tokens - 1; end < states.count(); end += tokens) {
                taken.add(states.row(end));
            }
        } else {
            taken.add(states);
        }
        int count = taken.stream().mapToInt(KernelRows::count).sum();
        Shape size =
                last
                        ? new Shape(count, head.outputs())
                        : new Shape(shape.get(0), tokens, head.outputs());
        NDArray logits = manager.create(size, DataType.FLOAT32);
        try (KernelRows normed = KernelRows.allocate(count, states.size());
                KernelScratch scratch = new KernelScratch()) {
            int row = 0;
            for (KernelRows part : taken) {
                KernelRows place = taken.size() == 1 ? normed : normed.row(row++);
                norm(rules, group.norms().get(0), part, place);
            }
            KernelMatrix.multiply(normed, List.of(head), List.of(rows(logits)), scratch);
        }
        return logits;
    }

    static void norm(DecoderRules rules, Norm norm, KernelRows x, KernelRows y) {
        boolean centred = rules.norm() == DecoderRules.Norm.LAYER;
        KernelSteps.norm(centred, x, norm.gain(), norm.bias(), (float) rules.eps(), y);
    }

    /** A float32 array's rows, where they lie. */
    static KernelRows rows(NDArray array) {
        Shape shape = array.getShape();
        int size = Math.toIntExact(shape.get(shape.dimension() - 1));
        int count = Math.toIntExact(shape.size() / size);
        return KernelRows.of(array.toByteBuffer(true), count, size);
    }
}
