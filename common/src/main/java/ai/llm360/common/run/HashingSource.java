package ai.llm360.common.run;

import ai.llm360.common.checkpoint.TensorSource;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.io.Hashes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Hashes tensors on their way into a file: another thread takes a block while it is written. */
final class HashingSource implements TensorSource {

    /** Below this, waking the other thread costs more than it saves. */
    private static final int WORTH_SHARING = 256 << 10;

    private final TensorSource source;
    private final Map<String, String> hashes;

    /** Hashes what a source gives; each tensor's hash is put under its name. */
    HashingSource(TensorSource source, Map<String, String> hashes) {
        this.source = source;
        this.hashes = hashes;
    }

    @Override
    public void write(TensorSpec tensor, WritableByteChannel out) throws IOException {
        MessageDigest digest = Hashes.sha256();
        source.write(tensor, new Tee(out, digest));
        hashes.put(tensor.name(), Hashes.hex(digest));
    }

    private record Tee(WritableByteChannel out, MessageDigest digest)
            implements WritableByteChannel {

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
}
