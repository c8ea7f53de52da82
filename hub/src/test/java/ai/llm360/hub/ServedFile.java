package ai.llm360.hub;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;

/** A file that a {@link HubServer} has. */
public final class ServedFile {

    private final String path;
    private final byte[] bytes;
    private final boolean large;
    private final String sha256;
    private final String gitHash;

    public ServedFile(String path, byte[] bytes, boolean large) {
        this.path = path;
        this.bytes = bytes;
        this.large = large;
        sha256 = hex("SHA-256", bytes);
        gitHash = gitHash(large ? pointer() : bytes);
    }

    /** A file that git itself holds. */
    public static ServedFile text(String path, String text) {
        return new ServedFile(path, text.getBytes(StandardCharsets.UTF_8), false);
    }

    /** A file in large-file storage; its bytes follow from its path and size. */
    static ServedFile weights(String path, int size) {
        byte[] bytes = new byte[size];
        new Random(path.hashCode() * 31L + size).nextBytes(bytes);
        return new ServedFile(path, bytes, true);
    }

    public String path() {
        return path;
    }

    byte[] bytes() {
        return bytes;
    }

    int size() {
        return bytes.length;
    }

    boolean large() {
        return large;
    }

    String sha256() {
        return sha256;
    }

    /** As {@code git hash-object} computes it, of the file or of its pointer. */
    String gitHash() {
        return gitHash;
    }

    String etag() {
        return large ? sha256 : gitHash;
    }

    private byte[] pointer() {
        String text =
                "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n"
                        .formatted(sha256, bytes.length);
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String gitHash(byte[] bytes) {
        ByteArrayOutputStream object = new ByteArrayOutputStream();
        object.writeBytes(("blob " + bytes.length + "\0").getBytes(StandardCharsets.UTF_8));
        object.writeBytes(bytes);
        return hex("SHA-1", object.toByteArray());
    }

    static String hex(String algorithm, byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
