package ai.llm360.common.run;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.util.concurrent.CompletableFuture;

/** Hashes bytes on their way into a file: another thread takes a block while it is written. */
record HashingChannel(WritableByteChannel out, MessageDigest digest)
        implements WritableByteChannel {

    /** Below this, waking the other thread costs more than it saves. */
    private static final int WORTH_SHARING = 256 << 10;

    @Override
    public int write(ByteBuffer src) throws IOException {
        ByteBuffer bytes = src.duplicate();
        if (src.remaining() < WORTH_SHARING) {
            digest.update(bytes);
            return out.write(src);
        }
        CompletableFuture<Void> hashed = CompletableFuture.runAsync(() -> digest.update(bytes));
        try {
            return out.write(src);
        } finally {
            // The caller may free the buffer's memory as soon as this returns.
            hashed.join();
        }
    }

    @Override
    public boolean isOpen() {
        return out.isOpen();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
