package ai.llm360.common.model;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import ai.llm360.common.torch.TensorLoader;
import ai.llm360.common.torch.TorchScript;
import java.nio.ByteBuffer;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the abilities of libtorch's kernels on this CPU, found out by running them once.
 *
 * <p>CPU flags don't tell the whole story: libtorch's build, oneDNN's dispatch and the processor
 * decide together. So each fast path proves itself on a small product before a model relies on it.
 */
public final class CpuKernels {

    private static final Logger logger = LoggerFactory.getLogger(CpuKernels.class);

    private final LinearKind bfloat16;
    private final boolean exactInt8;

    private CpuKernels(LinearKind bfloat16, boolean exactInt8) {
        this.bfloat16 = bfloat16;
        this.exactInt8 = exactInt8;
    }

    private static final class Holder {
        static final CpuKernels FOUND = probe();
    }

    /** Returns what was found, probing at the first call. */
    public static CpuKernels get() {
        return Holder.FOUND;
    }

    /** Returns whether libtorch has no bfloat16 arithmetic on this CPU. */
    public boolean slowBfloat16() {
        return bfloat16 == LinearKind.BFLOAT16;
    }

    /** The best kind for bfloat16 weights. */
    LinearKind bfloat16() {
        return bfloat16;
    }

    /**
     * Returns whether libtorch's product of int8 matrices is exact. CPUs without VNNI add products
     * in pairs of 16 bits, which 2 * 127 * 127 nearly fills and 255 * 127 overflows.
     */
    public boolean exactInt8() {
        return exactInt8;
    }

    private static CpuKernels probe() {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            LinearKind bfloat16 = LinearKind.BFLOAT16;
            try (TorchScript tensors = TensorLoader.page(manager)) {
                if (tensors.run("native_bfloat16", false, IValue::toBoolean)) {
                    bfloat16 = LinearKind.ROWS;
                }
            }
            boolean exact = isExact(manager);
            logger.debug("CPU kernels: bfloat16 {}, int8 products exact: {}", bfloat16, exact);
            return new CpuKernels(bfloat16, exact);
        }
    }

    /** Multiplies the largest numbers of all combinations of signs. */
    private static boolean isExact(NDManager manager) {
        int size = 256;
        byte[] x = new byte[8 * size];
        byte[] w = new byte[8 * size];
        for (int i = 0; i < x.length; i++) {
            x[i] = (byte) ((i / size & 1 + i % 2) == 0 ? 127 : -127);
            w[i] = (byte) ((i / size & 2 - i % 2) == 0 ? 127 : -127);
        }
        try (NDManager scope = manager.newSubManager();
                TorchScript page =
                        TorchScript.compile(
                                scope,
                                LinearKind.INT8.methods(),
                                LinearKind.INT8.constants(true, false))) {
            NDArray rows = scope.create(ByteBuffer.wrap(x), new Shape(8, size), DataType.INT8);
            NDArray matrix = scope.create(ByteBuffer.wrap(w), new Shape(8, size), DataType.INT8);
            int[] sums = page.infer(scope, "integer_sums", rows, matrix).toIntArray();
            for (int i = 0; i < sums.length; i++) {
                int sum = 0;
                for (int k = 0; k < size; k++) {
                    sum += x[i / 8 * size + k] * w[i % 8 * size + k];
                }
                if (sums[i] != sum) {
                    return false;
                }
            }
            return true;
        } catch (EngineException e) {
            logger.debug("there is no product of int8 matrices here", e);
            return false;
        }
    }

    /** Returns the constants of a kind on this machine. */
    Map<String, ?> constants(LinearKind kind) {
        return kind.constants(exactInt8, !slowBfloat16());
    }

    /** Compiles the methods of a kind, as a page of their own. */
    TorchScript compile(NDManager manager, LinearKind kind) {
        return TorchScript.compile(manager, kind.methods(), constants(kind));
    }
}
