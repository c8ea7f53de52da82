package ai.llm360.kernels;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.model.CpuKernels;
import ai.llm360.common.model.DecoderLayout;
import ai.llm360.common.model.DecoderRules;
import ai.llm360.common.model.InferenceBackend;
import ai.llm360.common.model.KvCache;
import ai.llm360.common.torch.TensorLoader;
import ai.llm360.kernels.KernelWeights.Group;
import ai.llm360.kernels.KernelWeights.Norm;
import java.util.List;
import java.util.function.IntFunction;

/**
 * A decoder's inference on this project's kernels: its {@link DecoderRules} on bfloat16 or int8
 * matrices, everything between the products in float32.
 */
final class KernelDecoder implements InferenceBackend.Decoder {

    /** The largest number of bfloat16 rows taken, which a pass over the matrix serves. */
    private static final int FEW = 4;

    /** The same where libtorch, which gets more rows, has no bfloat16 arithmetic to use. */
    private static final int FEW_WITHOUT_ARITHMETIC = 16;

    private final DecoderLayout layout;
    private final DecoderRules rules;
    private final KernelAttention attention;
    private final KernelWeights weights;
    private final KernelRows cosines;
    private final KernelRows sines;
    private final NDManager owner;
    private LibtorchProduct libtorch;

    /**
     * @param tables the cosines and sines of all positions' angles, (positions, R) each
     * @param owner owns what is made here
     */
    KernelDecoder(DecoderLayout layout, KernelWeights weights, NDArray[] tables, NDManager owner) {
        this.layout = layout;
        this.weights = weights;
        this.owner = owner;
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

    DecoderRules rules() {
        return rules;
    }

    KernelWeights weights() {
        return weights;
    }

    /** Attends with the tables of all positions. */
    void attend(
            List<KernelRows> products,
            KernelCache cache,
            int[] rows,
            int[] positions,
            KernelRows result) {
        attention.attend(products, cosines, sines, cache, rows, positions, result);
    }

    /** Allocates what {@link #attend} writes of so many positions. */
    KernelRows attended(int count) {
        return KernelRows.allocate(count, attention.heads() * attention.size());
    }

    @Override
    public boolean takes(long rows) {
        return weights.int8()
                || rows <= (CpuKernels.get().slowBfloat16() ? FEW_WITHOUT_ARITHMETIC : FEW);
    }

    @Override
    public KernelPass begin(NDManager scope, NDArray x, KvCache cache, long[] rows, long[] start) {
        int tokens = Math.toIntExact(x.getShape().get(1));
        KernelRows stream = rows(x);
        int[] slots = new int[stream.count()];
        int[] positions = new int[slots.length];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = cache == null ? i / tokens : (int) rows[i / tokens];
            positions[i] = (cache == null ? 0 : (int) start[i / tokens]) + i % tokens;
        }
        IntFunction<KernelCache> caches = cached(scope, x.getShape(), cache);
        return new KernelPass(this, stream, slots, positions, caches);
    }

    /** Returns each layer's cache. Whole rows need their keys and values no longer than a layer. */
    private IntFunction<KernelCache> cached(NDManager scope, Shape x, KvCache cache) {
        if (cache != null) {
            return layer -> cache(cache.keys(layer), cache.values(layer));
        }
        Shape size = new Shape(x.get(0), layout.keyValueHeads(), x.get(1), layout.headDim());
        KernelCache one =
                cache(scope.create(size, DataType.FLOAT32), scope.create(size, DataType.FLOAT32));
        return layer -> one;
    }

    private static KernelCache cache(NDArray keys, NDArray values) {
        Shape shape = keys.getShape();
        return new KernelCache(
                keys.toByteBuffer(true),
                values.toByteBuffer(true),
                TensorLoader.typeOf(keys) == TensorType.BF16,
                (int) shape.get(0),
                (int) shape.get(1),
                (int) shape.get(2),
                (int) shape.get(3));
    }

    /**
     * Returns libtorch's product where so many int8 rows are multiplied by it, else {@code null}.
     */
    synchronized LibtorchProduct product(long rows) {
        if (!weights.int8() || !LibtorchProduct.takes(rows)) {
            return null;
        }
        if (libtorch == null) {
            libtorch = new LibtorchProduct(owner);
        }
        return libtorch;
    }

    @Override
    public NDArray logits(NDManager scope, NDArray x, List<Parameter> parameters) {
        Group group = weights.last(parameters);
        KernelMatrix head = group.products().get(0).matrices().get(0);
        Shape shape = x.getShape();
        KernelRows states = rows(x);
        NDArray logits =
                scope.create(
                        new Shape(shape.get(0), shape.get(1), head.outputs()), DataType.FLOAT32);
        try (KernelRows normed = KernelRows.allocate(states.count(), states.size());
                KernelScratch scratch = new KernelScratch()) {
            norm(group.norms().get(0), states, normed);
            KernelMatrix.multiply(
                    normed, List.of(head), List.of(rows(logits)), scratch, product(states.count()));
        }
        return logits;
    }

    void norm(Norm norm, KernelRows x, KernelRows y) {
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
