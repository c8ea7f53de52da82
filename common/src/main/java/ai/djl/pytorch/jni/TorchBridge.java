package ai.djl.pytorch.jni;

import ai.djl.pytorch.engine.PtSymbolBlock;

/**
 * The one class of this project in a package of DJL's: it reaches the two natives that DJL's public
 * API hides.
 *
 * <p>{@link IValueUtils#runMethod} always runs in inference mode, so nothing that it returns can be
 * trained, and {@link PtNDArray#getDataType()} can't name bfloat16. Everything above this class
 * works with {@code ai.llm360.common.torch.TorchScript}.
 */
public final class TorchBridge {

    private TorchBridge() {}

    /**
     * Runs a method of a TorchScript module.
     *
     * @param module the module
     * @param method the method's name
     * @param training {@code true} to run as ordinary code, recorded by autograd where the calling
     *     thread's gradient mode is on; {@code false} to run in inference mode
     * @param arguments the arguments after {@code self}; still the caller's to close
     * @return the result, the caller's to close
     */
    public static IValue run(
            PtSymbolBlock module, String method, boolean training, IValue... arguments) {
        long[] handles = new long[arguments.length];
        for (int i = 0; i < handles.length; i++) {
            handles[i] = arguments[i].getHandle();
        }
        return new IValue(
                PyTorchLibrary.LIB.moduleRunMethod(
                        module.getHandle(), method, handles, training, false));
    }
}
