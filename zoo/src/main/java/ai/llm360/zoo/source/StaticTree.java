package ai.llm360.zoo.source;

import ai.djl.util.Progress;
import ai.llm360.hub.HubSettings;
import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/**
 * A static tree, to read: a directory, whose files are used where they lie, or one that a web
 * server gives, whose files come through a cache.
 */
public sealed interface StaticTree permits DirectoryTree, WebTree {

    /**
     * Names a tree. Nothing is read before it is asked for.
     *
     * @param uri {@code file:///a/directory}, {@code http://host/path} or {@code https://host/path}
     * @param caches where files from web servers are kept, in a directory for each tree: what is in
     *     the Hub's own cache is from the Hub
     * @param hub the settings for connections, which a directory doesn't need
     * @throws IllegalArgumentException if it is another kind of address
     * @throws IOException if the settings for connections make no sense
     */
    static StaticTree at(URI uri, Path caches, Settings hub) throws IOException {
        if ("file".equals(uri.getScheme()) && uri.getRawAuthority() == null) {
            return new DirectoryTree(Path.of(uri));
        }
        String address = uri.toString().replaceAll("/+$", "");
        boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
        if (!web || uri.getHost() == null || uri.getRawUserInfo() != null) {
            throw new IllegalArgumentException(
                    "'%s' is no address of a static tree: expected file:///a/directory or https://host/path"
                            .formatted(uri));
        }
        MessageDigest hash = Hashes.sha1();
        hash.update(address.getBytes(StandardCharsets.UTF_8));
        return new WebTree(
                URI.create(address),
                caches.resolve(uri.getHost() + "-" + Hashes.hex(hash).substring(0, 12)),
                hub.read());
    }

    /** Reads the settings for connections, once they are needed. */
    @FunctionalInterface
    interface Settings {
        HubSettings read() throws IOException;
    }

    /**
     * {@return a model's checkpoints, in the order of training}
     *
     * @throws IOException if the tree has no such model, or can't be read
     */
    List<TreeCheckpoint> checkpoints(String model) throws IOException;

    /**
     * {@return the directory of a checkpoint's files: of a web server's tree one in the cache,
     * whose files came with the hashes that the tree lists; of a directory its own, with files of
     * the listed sizes, and of the listed hashes where they are below 10 MiB}
     *
     * @param checkpoint one of {@link #checkpoints}
     * @param progress is told of downloaded bytes; may be null
     * @throws IOException if files are missing or damaged, or can't be had
     */
    Path directory(TreeCheckpoint checkpoint, Progress progress) throws IOException;

    /**
     * {@return the directory of a checkpoint's files on this machine; empty if files are to be
     * downloaded, or missing}
     *
     * @param checkpoint one of {@link #checkpoints}
     * @throws IOException if the cache can't be read
     */
    Optional<Path> here(TreeCheckpoint checkpoint) throws IOException;

    /** {@return whether the tree itself is on this machine} */
    default boolean isLocal() {
        return this instanceof DirectoryTree;
    }
}
