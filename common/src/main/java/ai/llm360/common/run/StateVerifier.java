package ai.llm360.common.run;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.io.Hashes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;

/** Compares a saved state's bytes with its manifest. */
final class StateVerifier {

    private static final int BLOCK_BYTES = 4 << 20;

    private StateVerifier() {}

    /** Compares a directory's files and weights; of an optimizer nothing. */
    static void verifyModel(Path directory, Manifest manifest) throws IOException {
        for (Map.Entry<String, String> file : manifest.files().entrySet()) {
            verifyFile(directory, file.getKey(), file.getValue());
        }
        try (Checkpoint weights = Checkpoint.open(directory)) {
            verifyTensors(weights, manifest.weights());
        }
    }

    static void verifyFile(Path directory, String name, String sha256) throws IOException {
        Path file = directory.resolve(name);
        if (!Files.exists(file)) {
            throw new RunException(file, "is missing, though the manifest lists it");
        }
        String found = Hashes.sha256(Files.readAllBytes(file));
        if (!found.equals(sha256)) {
            throw new RunException(
                    file, "is damaged: its SHA-256 is " + found + ", but was written as " + sha256);
        }
    }

    static void verifyTensors(Checkpoint checkpoint, Map<String, Manifest.Entry> expected)
            throws IOException {
        if (!checkpoint.tensors().keySet().equals(expected.keySet())) {
            TreeSet<String> missing = new TreeSet<>(expected.keySet());
            missing.removeAll(checkpoint.tensors().keySet());
            TreeSet<String> added = new TreeSet<>(checkpoint.tensors().keySet());
            added.removeAll(expected.keySet());
            throw new RunException(
                    checkpoint.location(),
                    "does not hold the manifest's tensors: lacks " + missing + ", adds " + added);
        }
        for (TensorInfo tensor : checkpoint.tensors().values()) {
            verify(checkpoint, tensor, expected.get(tensor.name()));
        }
    }

    private static void verify(Checkpoint checkpoint, TensorInfo tensor, Manifest.Entry expected)
            throws IOException {
        List<Long> shape = LongStream.of(tensor.shape().getShape()).boxed().toList();
        String found = "";
        if (tensor.type().name().equals(expected.dtype()) && shape.equals(expected.shape())) {
            found = hash(checkpoint, tensor);
        }
        if (!found.equals(expected.sha256())) {
            throw new RunException(
                    tensor.file(),
                    "tensor "
                            + tensor.name()
                            + " is damaged: it is not the "
                            + expected.dtype()
                            + " "
                            + expected.shape()
                            + " of SHA-256 "
                            + expected.sha256()
                            + " that was written");
        }
    }

    /**
     * One block is hashed while the next one is read. Blocks are on the heap: direct ones of many
     * tensors would pile up until a collection that nothing calls for.
     */
    static String hash(Checkpoint checkpoint, TensorInfo tensor) throws IOException {
        MessageDigest digest = Hashes.sha256();
        int bytes = (int) Math.min(BLOCK_BYTES, tensor.byteLength());
        ByteBuffer next = ByteBuffer.allocate(bytes);
        ByteBuffer previous = ByteBuffer.allocate(bytes);
        CompletableFuture<Void> hashed = CompletableFuture.completedFuture(null);
        long perBlock = BLOCK_BYTES / tensor.type().byteSize();
        for (long at = 0; at < tensor.elementCount(); at += perBlock) {
            long count = Math.min(perBlock, tensor.elementCount() - at);
            checkpoint.read(tensor, at, count, tensor.type(), next.clear());
            hashed.join();
            ByteBuffer read = next.flip();
            hashed = CompletableFuture.runAsync(() -> digest.update(read));
            next = previous;
            previous = read;
        }
        hashed.join();
        return Hashes.hex(digest);
    }
}
