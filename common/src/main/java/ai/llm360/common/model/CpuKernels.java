package ai.llm360.common.model;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import ai.llm360.common.torch.TensorLoader;
import ai.llm360.common.torch.TorchScript;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this machine's CPU kernels can do, found out by running them once.
 *
 * <p>CPU flags don't tell the whole story: libtorch's build, oneDNN's dispatch and the processor
 * decide together. So each fast path proves itself on a small product before a model relies on it.
 */
final class CpuKernels {

    private static final Logger logger = LoggerFactory.getLogger(CpuKernels.class);
    private static final int SIZE = 64;

    private final LinearKind bfloat16;
    private final int int8Levels;

    private CpuKernels(LinearKind bfloat16, int int8Levels) {
        this.bfloat16 = bfloat16;
        this.int8Levels = int8Levels;
    }

    private static final class Holder {
        static final CpuKernels FOUND = probe();
    }

    /** Returns what was found, probing at the first call. */
    static CpuKernels get() {
        return Holder.FOUND;
    }

    /** The best kind for bfloat16 weights. */
    LinearKind bfloat16() {
        return bfloat16;
    }

    /**
     * The number of positive int8 activation levels, 127 or 63, or 0 where the CPU has no int8
     * kernel.
     */
    int int8Levels() {
        return int8Levels;
    }

    private static CpuKernels probe() {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            LinearKind bfloat16 = LinearKind.BFLOAT16;
            try (TorchScript tensors = TensorLoader.page(manager)) {
                if (tensors.run("native_bfloat16", false, IValue::toBoolean)) {
                    bfloat16 = LinearKind.ROWS;
                }
            }
            int levels = 0;
            for (int candidate : new int[] {63, 127}) {
                // Exact up to float32 rounding of the scales, unless 16-bit pair sums overflow.
                if (errorOnOnes(manager, LinearKind.INT8, candidate) < 1e-3) {
                    levels = candidate;
                }
            }
            logger.debug("CPU kernels: bfloat16 {}, int8 levels {}", bfloat16, levels);
            return new CpuKernels(bfloat16, levels);
        }
    }

    /** Returns the largest relative error of ones times ones, or infinity if the kernel fails. */
    private static double errorOnOnes(NDManager manager, LinearKind kind, int levels) {
        try (NDManager scope = manager.newSubManager();
                TorchScript page =
                        TorchScript.compile(scope, kind.methods(), kind.constants(levels))) {
            NDArray weight = scope.ones(new Shape(SIZE, SIZE));
            NDArray x = scope.ones(new Shape(2, 3, SIZE));
            try (IValue packed = page.runRaw("prepare", false, weight)) {
                NDArray y = page.infer(scope, "linear", x, packed);
                NDArray error = y.toType(DataType.FLOAT32, true).sub(SIZE).abs();
                return error.max().getFloat() / SIZE;
            }
        } catch (EngineException e) {
            logger.debug("CPU kernel {} is not usable here", kind, e);
            return Double.POSITIVE_INFINITY;
        }
    }

    /** Returns the constants of a kind on this machine. */
    Map<String, ?> constants(LinearKind kind) {
        return kind.constants(int8Levels);
    }
}
