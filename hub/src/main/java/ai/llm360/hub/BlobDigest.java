package ai.llm360.hub;

import ai.llm360.io.internal.Hashes;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * The hash that the Hub names a file's bytes by: SHA-256 in large-file storage, else the SHA-1 that
 * git makes of {@code blob <size>}, a zero byte and the bytes.
 */
final class BlobDigest {

    private final String expected;
    private final MessageDigest digest;

    BlobDigest(HubFile file) {
        expected = file.etag().orElseThrow();
        boolean large = file.sha256().isPresent();
        digest = large ? Hashes.sha256() : Hashes.sha1();
        if (!large) {
            digest.update(("blob " + file.size() + "\0").getBytes(StandardCharsets.US_ASCII));
        }
    }

    void update(byte[] bytes, int offset, int length) {
        digest.update(bytes, offset, length);
    }

    /** Ends the hash and says whether it is the file's. */
    boolean matches() {
        return end().equals(expected);
    }

    /** Ends the hash and returns it in hexadecimal. */
    String end() {
        return Hashes.hex(digest);
    }
}
