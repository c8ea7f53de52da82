package ai.llm360.zoo;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of tensors' elements, which says whether two runs gave the same bits. */
final class TensorHashes {

    private TensorHashes() {}

    /** Hashes a tensor's elements, cast to a type: packed, row-major, little-endian. */
    static String of(Checkpoint checkpoint, String tensor, TensorType type) throws IOException {
        return of(checkpoint.read(tensor, type));
    }

    static String of(ByteBuffer elements) {
        MessageDigest digest = sha256();
        digest.update(elements.duplicate());
        return HexFormat.of().formatHex(digest.digest());
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
