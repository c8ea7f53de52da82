package ai.llm360.common.model;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import ai.llm360.common.torch.TorchScript;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A decoder's weights in the form that inference multiplies by, each layer's prepared when it is
 * first used.
 *
 * <p>A kind that packs copies each weight once. The copy is made from a mapping of the checkpoint
 * that is opened for it and closed after it, so a packed model holds its packed weights and none of
 * the file.
 */
final class InferenceWeights implements AutoCloseable {

    private final LinearKind kind;
    private final TorchScript page;
    private final WeightSource source;
    private final Int8Weights int8;
    private final IValue[][] groups;

    /**
     * Creates the weights of {@code groups} layers (the head counts as one more).
     *
     * @param source where a packed weight is read from
     * @param int8 gives int8 weights
     */
    InferenceWeights(
            LinearKind kind, TorchScript page, WeightSource source, Int8Weights int8, int groups) {
        this.kind = kind;
        this.page = page;
        this.source = source;
        this.int8 = int8;
        this.groups = new IValue[groups][];
    }

    LinearKind kind() {
        return kind;
    }

    TorchScript page() {
        return page;
    }

    /**
     * Returns a group's weights, preparing them at the first call.
     *
     * @param group the group
     * @param prefix what precedes the specs' names in the checkpoint
     * @param specs the weights
     * @param parameters their parameters, in the same order
     */
    synchronized IValue[] get(
            int group, String prefix, List<WeightSpec> specs, List<Parameter> parameters) {
        if (groups[group] == null) {
            groups[group] =
                    specs.stream().anyMatch(kind::packs)
                            ? packAll(prefix, specs, parameters)
                            : parameters.stream()
                                    .map(p -> IValue.from((PtNDArray) p.getArray()))
                                    .toArray(IValue[]::new);
        }
        return groups[group];
    }

    /**
     * Packs the weights, side by side where libtorch does one with one thread. It is done whole,
     * whoever interrupts: what a thread that nobody waits for went on with might be freed under it.
     */
    private IValue[] packAll(String prefix, List<WeightSpec> specs, List<Parameter> parameters) {
        ExecutorService pool =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        List<CompletableFuture<IValue>> packed = new ArrayList<>();
        try {
            for (int i = 0; i < specs.size(); i++) {
                WeightSpec spec = specs.get(i);
                NDArray array = parameters.get(i).getArray();
                packed.add(
                        CompletableFuture.supplyAsync(
                                () ->
                                        kind.packs(spec)
                                                ? pack(prefix, spec, array)
                                                : IValue.from((PtNDArray) array),
                                pool));
            }
            CompletableFuture.allOf(packed.toArray(CompletableFuture[]::new)).join();
            return packed.stream().map(CompletableFuture::join).toArray(IValue[]::new);
        } catch (CompletionException e) {
            packed.stream()
                    .filter(value -> !value.isCompletedExceptionally())
                    .forEach(value -> value.join().close());
            throw new EngineException("can't pack the weights of " + prefix, e.getCause());
        } finally {
            pool.shutdown();
        }
    }

    private IValue pack(String prefix, WeightSpec spec, NDArray array) {
        if (kind == LinearKind.INT8) {
            Int8Weights.Matrix matrix = int8.get(prefix + spec.name(), spec, array);
            return IValue.listFrom((PtNDArray) matrix.elements(), (PtNDArray) matrix.scales());
        }
        try (NDManager scope = array.getManager().newSubManager()) {
            return page.runRaw(
                    spec.transposed() ? "prepare_transposed" : "prepare",
                    false,
                    source.open(scope, prefix + spec.name(), array));
        }
    }

    @Override
    public synchronized void close() {
        for (int group = 0; group < groups.length; group++) {
            if (groups[group] != null) {
                for (IValue value : groups[group]) {
                    value.close();
                }
                groups[group] = null;
            }
        }
    }
}
