package ai.llm360.common.torch;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import ai.llm360.common.config.EngineSettings;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A page of TorchScript, compiled by libtorch and callable method by method.
 *
 * <p>The page is text: methods as TorchScript writes them, {@code self} first. It keeps no tensors;
 * weights are arguments. It reaches every ATen operator (scaled dot-product attention, bfloat16,
 * fused optimizers, file mappings), and autograd records through it, which DJL's own {@code
 * NDArray} offers only in part.
 *
 * <p>Arguments may be {@link NDArray}, {@link Integer}, {@link Long}, {@link Double}, {@link
 * Boolean}, {@link String}, {@code long[]}, {@code NDArray[]}, or an {@link IValue}, which stays
 * the caller's to close. A page may be called from several threads at once.
 */
public final class TorchScript implements AutoCloseable {

    static {
        EngineSettings.apply();
    }

    /**
     * The setting that the calling thread gets back, for the user's own TorchScript models.
     *
     * <p>Pages run without the graph executor's optimizer. Its derivative of a bfloat16 linear
     * layer whose result is cast up hands float32 to a bfloat16 product and fails; and every new
     * shape, as decoding brings with each token, would be specialised anew.
     */
    private static final boolean OPTIMIZE_OTHERS =
            Boolean.parseBoolean(System.getProperty("ai.djl.pytorch.graph_optimizer", "true"));

    private final PtSymbolBlock module;

    private TorchScript(PtSymbolBlock module) {
        this.module = module;
    }

    /**
     * Compiles a page.
     *
     * @param manager the manager that the page is attached to
     * @param source the methods, unindented, each starting with {@code def}
     * @param constants read-only attributes that the methods reach through {@code self}: {@link
     *     Integer}, {@link Double} or {@link Boolean}
     * @throws EngineException if the text doesn't compile, with libtorch's message
     */
    public static TorchScript compile(NDManager manager, String source, Map<String, ?> constants) {
        byte[] archive = TorchScriptArchive.write(source.indent(2), constants);
        try {
            return new TorchScript(
                    JniUtils.loadModule(
                            (PtNDManager) manager,
                            new ByteArrayInputStream(archive),
                            false,
                            false));
        } catch (IOException e) {
            throw new UncheckedIOException("an archive in memory can't fail to be read", e);
        }
    }

    /**
     * Reads a page's text from the class path.
     *
     * @param owner the class in whose package the resource lies
     */
    public static String source(Class<?> owner, String name) {
        try (InputStream in = owner.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalArgumentException(
                        "no resource '%s' beside %s".formatted(name, owner.getName()));
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Calls a method in inference mode: nothing is recorded, and the result can't be trained.
     *
     * @param manager the manager that the result is attached to
     * @param method the method, which returns a tensor
     * @param arguments the arguments after {@code self}
     */
    public NDArray infer(NDManager manager, String method, Object... arguments) {
        return run(method, false, v -> v.toTensor((PtNDManager) manager), arguments);
    }

    /**
     * Calls a method as ordinary code: autograd records it where the thread's gradient mode is on.
     *
     * @param manager the manager that the result is attached to
     * @param method the method, which returns a tensor
     * @param arguments the arguments after {@code self}
     */
    public NDArray train(NDManager manager, String method, Object... arguments) {
        return run(method, true, v -> v.toTensor((PtNDManager) manager), arguments);
    }

    /**
     * Calls a method and hands its raw result to a function, which must not keep it.
     *
     * @param training as in {@link #train} rather than {@link #infer}
     * @param result turns the result into what the caller wants
     * @param arguments the arguments after {@code self}
     */
    public <R> R run(
            String method, boolean training, Function<IValue, R> result, Object... arguments) {
        try (IValue value = runRaw(method, training, arguments)) {
            return result.apply(value);
        }
    }

    /**
     * Calls a method and returns its raw result.
     *
     * @param training as in {@link #train} rather than {@link #infer}
     * @param arguments the arguments after {@code self}
     * @return the result, the caller's to close
     */
    public IValue runRaw(String method, boolean training, Object... arguments) {
        List<IValue> made = new ArrayList<>(arguments.length);
        IValue[] values = new IValue[arguments.length];
        try {
            for (int i = 0; i < values.length; i++) {
                if (arguments[i] instanceof IValue borrowed) {
                    values[i] = borrowed;
                } else {
                    values[i] = wrap(arguments[i]);
                    made.add(values[i]);
                }
            }
            JniUtils.setGraphExecutorOptimize(false);
            return TorchBridge.run(module, method, training, values);
        } finally {
            JniUtils.setGraphExecutorOptimize(OPTIMIZE_OTHERS);
            made.forEach(IValue::close);
        }
    }

    private static IValue wrap(Object argument) {
        if (argument instanceof PtNDArray array) {
            return IValue.from(array);
        } else if (argument instanceof Integer || argument instanceof Long) {
            return IValue.from(((Number) argument).longValue());
        } else if (argument instanceof Double number) {
            return IValue.from(number);
        } else if (argument instanceof Boolean flag) {
            return IValue.from(flag);
        } else if (argument instanceof String text) {
            return IValue.from(text);
        } else if (argument instanceof long[] list) {
            return IValue.listFrom(list);
        } else if (argument instanceof NDArray[] list) {
            PtNDArray[] tensors = new PtNDArray[list.length];
            System.arraycopy(list, 0, tensors, 0, list.length);
            return IValue.listFrom(tensors);
        }
        throw new IllegalArgumentException(
                "a TorchScript argument can't be a "
                        + (argument == null ? "null" : argument.getClass().getName()));
    }

    /** Frees the compiled page. */
    @Override
    public void close() {
        module.close();
    }
}
