package ai.llm360.common.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import ai.llm360.common.torch.TorchScript;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/**
 * One pass of tokens through a decoder: embedding, layers, final norm and head.
 *
 * <p>Its rows are whole, or continue those of a cache. Inference and training differ in the weights
 * that they multiply by, and in whether autograd may record. Where an {@link InferenceBackend}
 * takes so many rows, inference runs on it; else the model's page computes.
 */
final class DecoderPass {

    private final DecoderBlock decoder;
    private final DecoderRuntime runtime;
    private final NDManager scope;
    private final PageWeights weights;
    private final boolean training;
    private final boolean onBackend;
    private final CachedRows cached;
    private final long[] texts;
    private Object[] places;

    private DecoderPass(
            DecoderBlock decoder,
            NDManager scope,
            PageWeights weights,
            boolean training,
            boolean onBackend,
            CachedRows cached,
            long[] texts) {
        this.decoder = decoder;
        this.scope = scope;
        this.weights = weights;
        this.training = training;
        this.onBackend = onBackend;
        this.cached = cached;
        this.texts = texts;
        runtime = decoder.runtime();
    }

    /** Creates a pass that nothing records; of whole rows where {@code cached} is null. */
    static DecoderPass inference(DecoderBlock decoder, NDManager scope, CachedRows cached) {
        PageWeights weights = decoder.runtime().weights();
        return new DecoderPass(decoder, scope, weights, false, true, cached, new long[0]);
    }

    /** Creates a pass of whole rows on the page, which autograd may record in training. */
    static DecoderPass onPage(
            DecoderBlock decoder, NDManager scope, PageWeights weights, boolean training) {
        return onPage(decoder, scope, weights, training, new long[0]);
    }

    /**
     * Creates such a pass of one row of several texts.
     *
     * @param texts as {@link TokenBatch#texts}
     */
    static DecoderPass onPage(
            DecoderBlock decoder,
            NDManager scope,
            PageWeights weights,
            boolean training,
            long[] texts) {
        return new DecoderPass(decoder, scope, weights, training, false, null, texts);
    }

    /** Embeds tokens: INT64 (B, T) to (B, T, C). */
    NDArray embed(NDArray ids) {
        return call(runtime.plain(), scope, "embed", ids, weights.embedding());
    }

    /**
     * Embeds tokens and runs all layers.
     *
     * @param ids INT64 (B, T)
     * @param keep as for {@link #layers}; a backend changes the array that it is told of
     * @return the last layer's output, (B, T, C)
     */
    NDArray states(NDArray ids, Predicate<NDArray> keep) {
        NDArray x = embed(ids);
        int all = decoder.layers().size();
        InferenceBackend.Decoder backend = backend(x.getShape());
        if (backend == null) {
            return layers(x, 0, all, keep);
        }
        try (InferenceBackend.Pass pass = begin(backend, x)) {
            return run(
                    x,
                    0,
                    all,
                    keep,
                    (i, input) -> {
                        pass.layer(i, decoder.layers().get(i).ordered());
                        return input;
                    });
        }
    }

    private InferenceBackend.Pass begin(InferenceBackend.Decoder backend, NDArray x) {
        return cached == null
                ? backend.begin(scope, x, null, new long[0], new long[0])
                : backend.begin(scope, x, cached.cache(), cached.rows(), cached.start());
    }

    /**
     * Runs some layers on the page.
     *
     * @param x the first one's input, (B, T, C)
     * @param from the first layer
     * @param to the one after the last
     * @param keep told of each layer's input before it runs; the input is closed after it unless
     *     this returns true. Autograd keeps by itself what it needs
     */
    NDArray layers(NDArray x, int from, int to, Predicate<NDArray> keep) {
        return run(x, from, to, keep, this::layer);
    }

    /** Computes one layer. */
    private interface Layer {
        NDArray run(int layer, NDArray x);
    }

    private static NDArray run(
            NDArray first, int from, int to, Predicate<NDArray> keep, Layer layer) {
        NDArray x = first;
        for (int i = from; i < to; i++) {
            boolean kept = keep.test(x);
            NDArray y = layer.run(i, x);
            if (!kept && y != x) {
                x.close();
            }
            x = y;
        }
        return x;
    }

    /** Runs one layer on the page. The result belongs to its input's manager. */
    NDArray layer(int layer, NDArray x) {
        if (places == null) {
            places = places(x.getShape(), x.getDevice());
        }
        Object[] cache =
                cached == null
                        ? new Object[] {new NDArray[0], texts, new long[0]}
                        : cached.arguments(layer);
        Object[] arguments = all(x, places, cache, weights.layer(layer));
        return call(weights.page(), x.getManager(), "layer", arguments);
    }

    /** The cosines and sines of the tokens' angles. */
    private Object[] places(Shape shape, Device device) {
        long tokens = shape.get(1);
        NDArray[] angles = new NDArray[2];
        for (int i = 0; i < angles.length; i++) {
            NDArray table = runtime.rotaryTables()[i];
            NDArray here = table.getDevice().equals(device) ? table : table.toDevice(device, false);
            if (cached != null) {
                angles[i] = call(runtime.plain(), scope, "angles", here, cached.start(), tokens);
            } else if (texts.length > 0) {
                angles[i] = call(runtime.plain(), scope, "firsts", here, texts);
            } else {
                angles[i] = call(runtime.plain(), scope, "first", here, tokens);
            }
        }
        if (cached != null) {
            cached.pad(runtime.plain(), scope);
        }
        return angles;
    }

    /** Returns the final norm of states, as the head's matrix multiplies it: both (B, T, C). */
    NDArray headInput(NDArray x) {
        IValue[] last = weights.last();
        Object[] norm = Arrays.copyOf(last, last.length - 1, Object[].class);
        return call(weights.page(), scope, "head_input", all(x, norm));
    }

    /** Returns the last hidden states: the final norm of the last layer's output. */
    NDArray finalNorm(NDArray x) {
        IValue[] last = weights.last();
        Object[] norm = Arrays.copyOf(last, last.length - 1, Object[].class);
        return call(weights.page(), scope, "final_norm", all(x, norm));
    }

    /** Returns the logits of states: (B, T, C) to float32 (B, T, V). */
    NDArray logits(NDArray x) {
        Shape shape = x.getShape();
        long rows = shape.get(0) * shape.get(1);
        InferenceBackend.Decoder backend =
                backend(rows, Float.BYTES * rows * decoder.layout().vocabulary());
        if (backend != null) {
            return backend.logits(scope, x, decoder.lastParameters());
        }
        IValue[] last = weights.last();
        return call(weights.page(), scope, "logits", headInput(x), last[last.length - 1]);
    }

    private InferenceBackend.Decoder backend(Shape shape) {
        long rows = shape.get(0) * shape.get(1);
        if (cached != null) {
            return cached.padded() ? null : backend(rows, cached.cache().layerBytes());
        }
        DecoderLayout layout = decoder.layout();
        long kept = (long) layout.keyValueHeads() * layout.headDim();
        return backend(rows, Float.BYTES * rows * Math.max(shape.get(2), kept));
    }

    /**
     * Returns a backend where there is one that takes so many rows, else {@code null}.
     *
     * @param bytes of the largest array that it shares with libtorch, in a direct buffer
     */
    private InferenceBackend.Decoder backend(long rows, long bytes) {
        return onBackend && bytes <= Integer.MAX_VALUE ? runtime.backend(rows) : null;
    }

    private NDArray call(TorchScript page, NDManager owner, String method, Object... arguments) {
        return training
                ? page.train(owner, method, arguments)
                : page.infer(owner, method, arguments);
    }

    /** Puts single arguments and lists of them in one row. */
    private static Object[] all(Object first, Object[]... more) {
        List<Object> all = new ArrayList<>(List.of(first));
        for (Object[] part : more) {
            all.addAll(Arrays.asList(part));
        }
        return all.toArray();
    }
}
