package ai.llm360.common.checkpoint;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;

/** Gives the bytes of tensors to a {@link CheckpointWriter}, one tensor at a time. */
@FunctionalInterface
public interface TensorSource {

    /**
     * Writes a tensor's elements: packed, row-major, little-endian.
     *
     * @param tensor the tensor asked for
     * @param out takes exactly {@code tensor.byteLength()} bytes, in any number of writes, each of
     *     which consumes its whole buffer
     */
    void write(TensorSpec tensor, WritableByteChannel out) throws IOException;
}
