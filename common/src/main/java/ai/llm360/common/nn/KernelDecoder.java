package ai.llm360.common.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.engine.PtNDManager;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.kernel.KernelAttention;
import ai.llm360.common.kernel.KernelMatrix;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A decoder's layers run step by step: libtorch computes the page's steps, this project's kernels
 * the products between them.
 *
 * <p>Each layer's matrices are prepared when they are first used: bfloat16 ones are taken where
 * they lie, int8 ones rounded from a mapping of the checkpoint that is closed after it.
 */
final class KernelDecoder {

    /**
     * Up to so many rows of bfloat16 are ours, more are libtorch's: as many as a pass over the
     * matrix serves, or four times as many where libtorch has no bfloat16 arithmetic to use.
     */
    private static final int FEW = 4;

    private static final int FEW_WITHOUT_ARITHMETIC = 16;

    private record Prepared(List<Object> vectors, List<KernelMatrix> matrices) {}

    private final DecoderLayout layout;
    private final TorchScript page;
    private final WeightSource source;
    private final boolean int8;
    private final NDManager manager;
    private final LayerSteps steps;
    private final LayerSteps lastSteps;
    private final Prepared[][] groups;

    /**
     * @param page a page with the steps
     * @param source where a matrix that is rounded is read from
     * @param int8 whether to round matrices to int8
     * @param manager owns what is rounded
     */
    KernelDecoder(
            DecoderLayout layout,
            TorchScript page,
            WeightSource source,
            boolean int8,
            NDManager manager) {
        this.layout = layout;
        this.page = page;
        this.source = source;
        this.int8 = int8;
        this.manager = manager;
        steps = new LayerSteps(layout.layer(), layout.products());
        lastSteps = new LayerSteps(layout.last(), List.of(1));
        groups = new Prepared[layout.layers() + 1][];
    }

    /** Whether products of so many rows are computed here. */
    boolean takes(long rows) {
        boolean slow = CpuKernels.get().bfloat16() == LinearKind.BFLOAT16;
        return int8 || rows <= (slow ? FEW_WITHOUT_ARITHMETIC : FEW);
    }

    boolean int8() {
        return int8;
    }

    /**
     * Runs one layer: (B, T, C) to (B, T, C).
     *
     * @param cos the cosines of the positions' angles, (T, R) or (B, 1, T, R)
     * @param sin their sines
     * @param cached the rows' places in a cache that they continue, or {@code null}
     */
    NDArray layer(
            NDManager outer,
            NDArray x,
            int layer,
            List<Parameter> parameters,
            NDArray cos,
            NDArray sin,
            CachedRows cached) {
        String prefix = layout.layerPrefix() + "." + layer + ".";
        Prepared[] weights = prepared(layer, prefix, layout.layer(), steps, parameters);
        try (NDManager scope = outer.newSubManager()) {
            NDArray h = page.infer(scope, "attention_input", all(x, weights[0].vectors));
            NDArray[] products = multiply(scope, h, weights[0].matrices);
            weights[1].matrices.get(0).expect();
            NDArray[] heads =
                    several(
                            scope,
                            "queries_keys_values",
                            all(products, cos, sin, weights[1].vectors));
            h = attention(scope, heads, layer, cached);
            products = multiply(scope, h, weights[1].matrices);
            weights[2].matrices.get(0).expect();
            NDArray[] states =
                    several(scope, "feed_forward_input", all(x, products, weights[2].vectors));
            products = multiply(scope, states[1], weights[2].matrices);
            weights[3].matrices.get(0).expect();
            h = page.infer(scope, "feed_forward", all(products, weights[3].vectors));
            products = multiply(scope, h, weights[3].matrices);
            expect(layer + 1);
            return page.infer(outer, "layer_output", all(states[0], products, weights[4].vectors));
        }
    }

    private synchronized void expect(int layer) {
        if (groups[layer] != null) {
            groups[layer][0].matrices.get(0).expect();
        }
    }

    private NDArray[] several(NDManager scope, String method, Object[] arguments) {
        return page.run(method, false, v -> v.toTensorArray((PtNDManager) scope), arguments);
    }

    /** One token a row is our kernel's, more are libtorch's. */
    private NDArray attention(NDManager scope, NDArray[] heads, int layer, CachedRows cached) {
        if (cached == null) {
            return page.infer(scope, "attention", all((Object) heads));
        }
        Object[] arguments = all(heads, cached.arguments(layer));
        Shape shape = heads[0].getShape(); // (B, H, T, D)
        long size = shape.get(3);
        if (shape.get(2) > 1 || !KernelAttention.supports(size)) {
            return page.infer(scope, "cached_attention", arguments);
        }
        NDArray queries = page.infer(scope, "store", arguments);
        NDArray keys = cached.cache().keys(layer);
        NDArray result =
                scope.create(new Shape(shape.get(0), 1, shape.get(1) * size), DataType.FLOAT32);
        new KernelAttention(
                        TensorLoader.typeOf(keys) == TensorType.BF16,
                        Math.toIntExact(shape.get(1)),
                        layout.keyValueHeads(),
                        Math.toIntExact(size),
                        Math.toIntExact(keys.getShape().get(2)),
                        (float) layout.attentionScale())
                .attend(
                        queries.toByteBuffer(true),
                        keys.toByteBuffer(true),
                        cached.cache().values(layer).toByteBuffer(true),
                        cached.rows(),
                        cached.ends(1),
                        result.toByteBuffer(true));
        return result;
    }

    /**
     * The final norm and the head.
     *
     * @param last whether to take the last position alone: (B, T, C) to (B, V), else to (B, T, V)
     */
    NDArray logits(NDManager outer, NDArray x, boolean last, List<Parameter> parameters) {
        Prepared[] weights = prepared(layout.layers(), "", layout.last(), lastSteps, parameters);
        try (NDManager scope = outer.newSubManager()) {
            NDArray h = page.infer(scope, "head_input", all(x, weights[0].vectors));
            if (last) {
                h = page.infer(scope, "last", h);
            }
            NDArray logits = multiply(scope, h, weights[0].matrices)[0];
            if (last) {
                logits = logits.squeeze(1);
            }
            logits.attach(outer);
            return logits;
        }
    }

    private NDArray[] multiply(NDManager scope, NDArray rows, List<KernelMatrix> matrices) {
        boolean wide = rows.getDataType() == DataType.FLOAT32;
        NDArray x = wide ? rows : page.infer(scope, "widened", rows); // attention in bfloat16
        Shape shape = x.getShape();
        long count = shape.slice(0, shape.dimension() - 1).size();
        NDArray[] results = new NDArray[matrices.size()];
        List<ByteBuffer> buffers = new ArrayList<>();
        for (int i = 0; i < results.length; i++) {
            Shape result = shape.slice(0, shape.dimension() - 1).add(matrices.get(i).outputs());
            results[i] = scope.create(result, DataType.FLOAT32);
            buffers.add(results[i].toByteBuffer(true));
        }
        KernelMatrix.multiply(x.toByteBuffer(true), Math.toIntExact(count), matrices, buffers);
        return results;
    }

    private synchronized Prepared[] prepared(
            int group,
            String prefix,
            List<WeightSpec> specs,
            LayerSteps taken,
            List<Parameter> parameters) {
        if (groups[group] == null) {
            List<Prepared> made = new ArrayList<>();
            for (int step = 0; step < taken.count(); step++) {
                List<Object> vectors = new ArrayList<>();
                for (int i : taken.vectors(step)) {
                    vectors.add(parameters.get(i).getArray());
                }
                List<KernelMatrix> matrices = new ArrayList<>();
                for (int i : taken.matrices(step)) {
                    matrices.add(prepare(prefix, specs.get(i), parameters.get(i).getArray()));
                }
                made.add(new Prepared(vectors, matrices));
            }
            groups[group] = made.toArray(Prepared[]::new);
        }
        return groups[group];
    }

    private KernelMatrix prepare(String prefix, WeightSpec spec, NDArray parameter) {
        int first = (int) spec.shape().get(0);
        int second = (int) spec.shape().get(1);
        int outputs = spec.transposed() ? second : first;
        int inputs = spec.transposed() ? first : second;
        if (!int8) {
            return KernelMatrix.bfloat16(
                    parameter.toByteBuffer(true), outputs, inputs, spec.transposed());
        }
        NDArray rounded = manager.create(new Shape(outputs, inputs), DataType.INT8);
        NDArray scales = manager.create(new Shape(outputs), DataType.FLOAT32);
        try (NDManager scope = manager.newSubManager()) {
            NDArray matrix = source.open(scope, prefix + spec.name(), parameter);
            TensorType type = TensorLoader.typeOf(matrix);
            boolean half = type == TensorType.BF16;
            if (!half && type != TensorType.F32) {
                matrix = TensorLoader.cast(scope, matrix, TensorType.F32.torchScalarType());
            }
            return KernelMatrix.int8(
                    matrix.toByteBuffer(true),
                    half,
                    spec.transposed(),
                    outputs,
                    inputs,
                    rounded.toByteBuffer(true),
                    scales.toByteBuffer(true));
        }
    }

    /** Puts single arguments and lists of them in one row. */
    static Object[] all(Object... parts) {
        List<Object> all = new ArrayList<>();
        for (Object part : parts) {
            if (part instanceof Object[] many) {
                all.addAll(Arrays.asList(many));
            } else if (part instanceof List<?> many) {
                all.addAll(many);
            } else {
                all.add(part);
            }
        }
        return all.toArray();
    }
}
