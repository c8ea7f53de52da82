package ai.llm360.common.run;

import ai.llm360.common.checkpoint.TensorSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Takes the SHA-256 of tensors on their way into a file. A thread of its own hashes a block while
 * the caller's writes it.
 */
final class TensorHasher implements AutoCloseable {

    /** Below this, waking the other thread costs more than it saves. */
    private static final int WORTH_SHARING = 256 << 10;

    private final ExecutorService beside =
            Executors.newSingleThreadExecutor(
                    task -> {
                        Thread thread = new Thread(task, "tensor-hasher");
                        thread.setDaemon(true);
                        return thread;
                    });

    /** Passes a source's bytes on and puts each tensor's hash, in hexadecimal, into the map. */
    TensorSource hashing(TensorSource source, Map<String, String> hashes) {
        return (tensor, out) -> {
            MessageDigest digest = sha256();
            source.write(tensor, new Tee(out, digest));
            hashes.put(tensor.name(), HexFormat.of().formatHex(digest.digest()));
        };
    }

    static String hash(byte[] bytes) {
        return HexFormat.of().formatHex(sha256().digest(bytes));
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    @Override
    public void close() {
        beside.shutdown();
    }

    private final class Tee implements WritableByteChannel {

        private final WritableByteChannel out;
        private final MessageDigest digest;

        Tee(WritableByteChannel out, MessageDigest digest) {
            this.out = out;
            this.digest = digest;
        }

        @Override
        public int write(ByteBuffer src) throws IOException {
            ByteBuffer bytes = src.duplicate();
            if (src.remaining() < WORTH_SHARING) {
                digest.update(bytes);
                return out.write(src);
            }
            CompletableFuture<Void> hashed =
                    CompletableFuture.runAsync(() -> digest.update(bytes), beside);
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
