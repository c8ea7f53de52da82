package ai.llm360.zoo.tree;

import ai.djl.util.Progress;
import ai.llm360.hub.HubSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

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
     * @return the tree
     * @throws IllegalArgumentException if it is another kind of address
     * @throws IOException if the environment's settings for connections make no sense
     */
    static StaticTree at(URI uri, Path caches) throws IOException {
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
        String hash = HashedFile.sha1(address.getBytes(StandardCharsets.UTF_8));
        return new WebTree(
                URI.create(address),
                caches.resolve(uri.getHost() + "-" + hash.substring(0, 12)),
                HubSettings.ofEnvironment());
    }

    /**
     * Returns a model's checkpoints.
     *
     * @param model the model's name
     * @return the checkpoints, in the order of training
     * @throws IOException if the tree has no such model, or can't be read
     */
    List<TreeCheckpoint> checkpoints(String model) throws IOException;

    /**
     * Returns a directory with a checkpoint's files.
     *
     * @param checkpoint one of {@link #checkpoints}
     * @param progress is told of downloaded bytes; may be null
     * @return the directory: of a web server's tree one in the cache, whose files came with the
     *     hashes that the tree lists; of a directory its own, with files of the listed sizes, and
     *     of the listed hashes where they are below 10 MiB
     * @throws IOException if files are missing or damaged, or can't be had
     */
    Path directory(TreeCheckpoint checkpoint, Progress progress) throws IOException;
}
