package ai.llm360.common.torch;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Reaches the two members of DJL's engine that its public API hides: the native that runs a method
 * of a TorchScript module, and the constructor of what it returns.
 *
 * <p>{@code IValueUtils.runMethod}, the public way, always runs in inference mode, so nothing that
 * it returns can be trained. A private lookup opens both without a class of ours in DJL's package
 * (ADR 15).
 */
final class TorchBridge {

    private static final MethodHandle RUN;
    private static final MethodHandle WRAP;

    static {
        try {
            MethodHandles.Lookup engine =
                    MethodHandles.privateLookupIn(IValue.class, MethodHandles.lookup());
            Class<?> library = engine.findClass("ai.djl.pytorch.jni.PyTorchLibrary");
            Object natives = engine.findStaticGetter(library, "LIB", library).invoke();
            RUN =
                    engine.findVirtual(
                                    library,
                                    "moduleRunMethod",
                                    MethodType.methodType(
                                            long.class,
                                            long.class,
                                            String.class,
                                            long[].class,
                                            boolean.class,
                                            boolean.class))
                            .bindTo(natives);
            WRAP =
                    engine.findConstructor(
                            IValue.class, MethodType.methodType(void.class, long.class));
        } catch (Throwable e) {
            throw new EngineException(
                    "DJL's PyTorch engine hasn't the natives of version 0.35.1; use that version",
                    e);
        }
    }

    private TorchBridge() {}

    /**
     * Runs a method of a TorchScript module: in training as ordinary code, recorded by autograd
     * where the calling thread's gradient mode is on, else in inference mode.
     *
     * @return the result, the caller's to close, as the arguments still are
     * @throws EngineException if libtorch fails, with its message
     */
    static IValue run(PtSymbolBlock module, String method, boolean training, IValue... arguments) {
        long[] handles = new long[arguments.length];
        for (int i = 0; i < handles.length; i++) {
            handles[i] = arguments[i].getHandle();
        }
        try {
            long result =
                    (long)
                            RUN.invokeExact(
                                    (long) module.getHandle(), method, handles, training, false);
            return (IValue) WRAP.invokeExact(result);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("the natives throw no checked exception", e);
        }
    }
}
