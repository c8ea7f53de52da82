package ai.llm360.common.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorType;
import java.nio.file.FileSystems;
import java.util.List;
import java.util.Map;

/**
 * Brings a checkpoint's tensors into libtorch: mapped where they lie, or cast and moved.
 *
 * <p>A mapped tensor is zero-copy: {@code torch.from_file} maps the file privately and {@code
 * as_strided} picks the tensor, so opening costs nothing, pages are read when first used, and
 * writing to the tensor never reaches the file.
 */
public final class TensorLoader implements AutoCloseable {

    /** ATen's code of bfloat16, which DJL has no name for. */
    public static final int BFLOAT16 = TensorType.BF16.torchScalarType();

    private static final int BYTE = TensorType.U8.torchScalarType();

    private final TorchScript page;

    /**
     * Creates a loader.
     *
     * @param manager the manager that the loader's compiled page is attached to
     */
    public TensorLoader(NDManager manager) {
        page = page(manager);
    }

    public static TorchScript page(NDManager manager) {
        String source = TorchScript.source(TensorLoader.class, "tensors.torchscript");
        return TorchScript.compile(manager, source, Map.of());
    }

    /** Casts a tensor that DJL may have no type for. */
    public static NDArray cast(NDManager manager, NDArray array, int scalarType) {
        try (TorchScript page = page(manager)) {
            return page.train(manager, "copy", array, scalarType, array);
        }
    }

    /**
     * Returns the type of a weight's elements. DJL calls bfloat16 {@link DataType#UNKNOWN}, and it
     * is the only such type that weights come in.
     *
     * @throws IllegalArgumentException if weights never have such a type
     */
    public static TensorType typeOf(NDArray array) {
        return switch (array.getDataType()) {
            case FLOAT32 -> TensorType.F32;
            case FLOAT16 -> TensorType.F16;
            case FLOAT64 -> TensorType.F64;
            case UNKNOWN -> TensorType.BF16;
            default ->
                    throw new IllegalArgumentException(
                            "a weight can't be of type " + array.getDataType());
        };
    }

    /**
     * Maps a tensor of a file into CPU memory, in the file's type.
     *
     * <p>A tensor whose offset is no multiple of its element size is copied instead: libtorch reads
     * elements at aligned addresses only.
     *
     * @param manager a manager on the CPU, which the tensor is attached to
     * @throws IllegalArgumentException if the file isn't on a disk of this machine
     */
    public NDArray map(NDManager manager, TensorInfo tensor) {
        if (tensor.file().getFileSystem() != FileSystems.getDefault()) {
            throw new IllegalArgumentException(
                    "%s isn't on this machine, and a model is made of files that can be mapped: download it first"
                            .formatted(tensor.file()));
        }
        long[] shape = tensor.shape().getShape();
        long[] strides = tensor.strides().stream().mapToLong(Long::longValue).toArray();
        int type = tensor.type().torchScalarType();
        long span = span(shape, tensor.strides());
        if (span == 0) {
            return page.train(manager, "empty", shape, type, manager.create(0f));
        }
        String file = tensor.file().toString();
        int bytes = tensor.type().byteSize();
        try (NDManager scope = manager.newSubManager()) {
            if (tensor.offset() % bytes == 0) {
                long first = tensor.offset() / bytes;
                NDArray storage = page.train(scope, "map", file, first + span, type);
                return page.train(manager, "strided", storage, shape, strides, first);
            }
            long end = tensor.offset() + span * bytes;
            NDArray raw = page.train(scope, "map", file, end, BYTE);
            NDArray storage = page.train(scope, "aligned", raw, tensor.offset(), end, type);
            return page.train(manager, "strided", storage, shape, strides, 0L);
        }
    }

    /**
     * Brings a tensor to the manager's device in a type: mapped where file, type and device allow,
     * else cast or copied, with no more than this one tensor in flight.
     *
     * @param manager the manager that the tensor is attached to
     */
    public NDArray load(NDManager manager, TensorInfo tensor, TensorType type) {
        if (type == tensor.type() && !manager.getDevice().isGpu()) {
            return map(manager, tensor);
        }
        try (NDManager cpu = NDManager.newBaseManager(ai.djl.Device.cpu(), "PyTorch");
                NDManager scope = manager.newSubManager()) {
            NDArray like = scope.create(0f);
            return page.train(manager, "copy", map(cpu, tensor), type.torchScalarType(), like);
        }
    }

    /**
     * Reads a tensor into an array that exists, cast to its type and moved to its device.
     *
     * @param target an array of its shape, which autograd may know
     */
    public void read(TensorInfo tensor, NDArray target) {
        try (NDManager cpu = NDManager.newBaseManager(ai.djl.Device.cpu(), "PyTorch")) {
            page.infer(cpu, "assign", target, map(cpu, tensor)).close();
        }
    }

    /**
     * Makes an uninitialised tensor of any type on the manager's device.
     *
     * @param manager the manager that the tensor is attached to
     */
    public NDArray empty(NDManager manager, Shape shape, TensorType type) {
        try (NDArray like = manager.create(new Shape(1), DataType.FLOAT32)) {
            return page.train(manager, "empty", shape.getShape(), type.torchScalarType(), like);
        }
    }

    /** The number of storage elements from a strided tensor's first to its last. */
    private static long span(long[] shape, List<Long> strides) {
        long last = 0;
        for (int i = 0; i < shape.length; i++) {
            if (shape[i] == 0) {
                return 0;
            }
            last += (shape[i] - 1) * strides.get(i);
        }
        return last + 1;
    }

    /** Frees the loader's compiled page. Tensors that it loaded live on with their managers. */
    @Override
    public void close() {
        page.close();
    }
}
