package ai.llm360.kernels;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.model.CpuKernels;
import ai.llm360.common.torch.TorchScript;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * Multiplies int8 matrices on libtorch's kernels, which are oneDNN's: on processors with VNNI or
 * AMX they multiply many rows several times as fast as ours.
 */
final class LibtorchProduct implements IntegerProduct {

    private static final String PAGE =
            """
            def integer_sums(self, x: Tensor, w: Tensor, sums: Tensor):
                return torch._int_mm(x, w.t(), out=sums)
            """;

    private final NDManager manager;
    private final TorchScript page;

    /** The number of rows from which on libtorch is the faster, found out at first use. */
    private static final class Holder {
        static final int FROM = probe();
    }

    LibtorchProduct(NDManager manager) {
        this.manager = manager;
        page = TorchScript.compile(manager, PAGE, Map.of());
    }

    /** Returns whether libtorch is exact on this CPU, and faster with so many rows. */
    static boolean takes(long rows) {
        return rows >= Int8Products.MANY && CpuKernels.get().exactInt8() && rows >= Holder.FROM;
    }

    private static int probe() {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            return Int8Products.fasterFrom(new LibtorchProduct(manager));
        }
    }

    @Override
    public void multiply(
            ByteBuffer x, ByteBuffer w, ByteBuffer sums, int rows, int inputs, int outputs) {
        try (NDManager scope = manager.newSubManager()) {
            NDArray left = scope.create(x, new Shape(rows, inputs), DataType.INT8);
            NDArray right = scope.create(w, new Shape(outputs, inputs), DataType.INT8);
            NDArray result = scope.create(sums, new Shape(rows, outputs), DataType.INT32);
            page.infer(scope, "integer_sums", left, right, result);
        }
    }
}
