package ai.llm360.common.torch;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.llm360.common.checkpoint.TensorSource;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.common.checkpoint.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Map;

/** Gives arrays in memory to a checkpoint's writer, one at a time and without copies on the CPU. */
public final class ArraySource implements TensorSource {

    private final Map<String, NDArray> arrays;

    /**
     * Creates a source.
     *
     * @param arrays float32 arrays by the names that the checkpoint gives them
     * @throws IllegalArgumentException if one is of another type
     */
    public ArraySource(Map<String, NDArray> arrays) {
        this.arrays = arrays;
        arrays.forEach(
                (name, array) -> {
                    if (array.getDataType() != DataType.FLOAT32) {
                        throw new IllegalArgumentException(
                                "%s is %s; float32 arrays can be written"
                                        .formatted(name, array.getDataType()));
                    }
                });
    }

    /** {@return the tensors that the checkpoint will hold, in the arrays' order} */
    public List<TensorSpec> specs() {
        return arrays.entrySet().stream()
                .map(e -> new TensorSpec(e.getKey(), TensorType.F32, e.getValue().getShape()))
                .toList();
    }

    @Override
    public void write(TensorSpec tensor, WritableByteChannel out) throws IOException {
        NDArray array = arrays.get(tensor.name());
        if (array.getDevice().isGpu()) {
            try (NDArray copy = array.toDevice(Device.cpu(), true)) {
                drain(copy.toByteBuffer(true), out);
            }
        } else {
            drain(array.toByteBuffer(true), out);
        }
    }

    private static void drain(ByteBuffer bytes, WritableByteChannel out) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }
}
