package ai.llm360.common.run;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.LongStream;

/** Compares a saved state's bytes with its manifest. */
final class StateVerifier {

    private static final int BLOCK_BYTES = 4 << 20;

    private StateVerifier() {}

    static void verifyFile(Path directory, String name, String sha256) throws IOException {
        Path file = directory.resolve(name);
        if (!Files.exists(file)) {
            throw new RunException(file, "is missing, though the manifest lists it");
        }
        String found = TensorHasher.hash(Files.readAllBytes(file));
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
        long longest =
                checkpoint.tensors().values().stream()
                        .mapToLong(TensorInfo::byteLength)
                        .max()
                        .orElse(0);
        ByteBuffer block = ByteBuffer.allocateDirect((int) Math.min(longest, BLOCK_BYTES));
        for (TensorInfo tensor : checkpoint.tensors().values()) {
            verify(checkpoint, tensor, expected.get(tensor.name()), block);
        }
    }

    private static void verify(
            Checkpoint checkpoint, TensorInfo tensor, Manifest.Entry expected, ByteBuffer block)
            throws IOException {
        List<Long> shape = LongStream.of(tensor.shape().getShape()).boxed().toList();
        String found = "";
        if (tensor.type().name().equals(expected.dtype()) && shape.equals(expected.shape())) {
            found = hash(checkpoint, tensor, block);
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

    private static String hash(Checkpoint checkpoint, TensorInfo tensor, ByteBuffer block)
            throws IOException {
        MessageDigest digest = TensorHasher.sha256();
        long perBlock = BLOCK_BYTES / tensor.type().byteSize();
        for (long at = 0; at < tensor.elementCount(); at += perBlock) {
            long count = Math.min(perBlock, tensor.elementCount() - at);
            checkpoint.read(tensor, at, count, tensor.type(), block.clear());
            digest.update(block.flip());
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
