package ai.llm360.zoo.source;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/** SHA-256 of tensors' elements, which says whether two runs gave the same bits. */
public final class TensorHashes {

    private TensorHashes() {}

    /** Hashes a tensor's elements, cast to a type: packed, row-major, little-endian. */
    public static String of(Checkpoint checkpoint, String tensor, TensorType type)
            throws IOException {
        return of(checkpoint.read(tensor, type));
    }

    public static String of(ByteBuffer elements) {
        MessageDigest digest = Hashes.sha256();
        digest.update(elements.duplicate());
        return Hashes.hex(digest);
    }
}
