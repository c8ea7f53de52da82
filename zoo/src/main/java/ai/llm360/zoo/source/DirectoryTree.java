package ai.llm360.zoo.source;

import ai.djl.util.Progress;
import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/**
 * A tree on this machine's disks.
 *
 * @param root its directory
 */
public record DirectoryTree(Path root) implements StaticTree {

    /** Hashing this much is quicker than opening a model; 27 GB take a minute. */
    private static final long HASHED_AT_EACH_LOAD = 10 << 20;

    @Override
    public List<TreeCheckpoint> checkpoints(String model) throws IOException {
        Path file = new TreeLayout(root).metadataFile(model);
        if (!Files.isRegularFile(file)) {
            throw new TreeException(
                    root,
                    "has no model '%s': there is no %s"
                            .formatted(model, TreeLayout.metadata(model)));
        }
        return TreeMetadata.read(Files.readString(file), file);
    }

    @Override
    public Path directory(TreeCheckpoint checkpoint, Progress progress) throws IOException {
        Path directory =
                inside(
                        root,
                        new TreeLayout(root).files(checkpoint.repository(), checkpoint.commit()));
        for (TreeFile file : checkpoint.files()) {
            Path path = inside(directory, directory.resolve(file.path()));
            if (!Files.isRegularFile(path)) {
                throw damaged(path, "is missing");
            }
            if (Files.size(path) != file.size()) {
                throw damaged(
                        path,
                        "has %d bytes, not the %d that were published"
                                .formatted(Files.size(path), file.size()));
            }
            if (file.size() < HASHED_AT_EACH_LOAD && !sha1(path).equals(file.sha1())) {
                throw damaged(path, "is damaged: its SHA-1 is not " + file.sha1());
            }
        }
        return directory;
    }

    @Override
    public Optional<Path> here(TreeCheckpoint checkpoint) throws IOException {
        try {
            return Optional.of(directory(checkpoint, null));
        } catch (TreeException e) {
            return Optional.empty(); // loading it will tell
        }
    }

    private static String sha1(Path small) throws IOException {
        MessageDigest digest = Hashes.sha1();
        digest.update(Files.readAllBytes(small));
        return Hashes.hex(digest);
    }

    private static TreeException damaged(Path path, String problem) {
        return new TreeException(path, problem + "; publish the checkpoint anew");
    }

    /** A file of this tree may not name one elsewhere. */
    private static Path inside(Path parent, Path path) throws TreeException {
        Path normal = path.normalize();
        if (!normal.startsWith(parent.normalize())) {
            throw new TreeException(path, "leads out of " + parent + "; it is refused");
        }
        return normal;
    }
}
