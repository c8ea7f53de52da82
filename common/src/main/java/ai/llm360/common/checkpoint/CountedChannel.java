package ai.llm360.common.checkpoint;

import ai.djl.util.Progress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;

/** Takes exactly the bytes of one tensor. */
final class CountedChannel implements WritableByteChannel {

    private final BlockFile file;
    private final TensorSpec tensor;
    private final Progress progress;
    private long left;
    private boolean open = true;

    CountedChannel(BlockFile file, TensorSpec tensor, Progress progress) {
        this.file = file;
        this.tensor = tensor;
        this.progress = progress;
        left = tensor.byteLength();
    }

    @Override
    public int write(ByteBuffer src) throws IOException {
        if (!open) {
            throw new ClosedChannelException();
        }
        int bytes = src.remaining();
        if (bytes > left) {
            throw new IllegalStateException(
                    "the source wrote more than the "
                            + tensor.byteLength()
                            + " bytes of "
                            + tensor);
        }
        file.write(src);
        left -= bytes;
        if (progress != null && bytes > 0) {
            progress.increment(bytes);
        }
        return bytes;
    }

    /** Checks that the tensor is complete. */
    void finish() {
        open = false;
        if (left != 0) {
            throw new IllegalStateException(
                    "the source wrote "
                            + (tensor.byteLength() - left)
                            + " of the "
                            + tensor.byteLength()
                            + " bytes of "
                            + tensor);
        }
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() {
        open = false;
    }
}
