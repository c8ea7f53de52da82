package ai.llm360.common.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A directory that comes into being whole or not at all.
 *
 * <p>It is filled under a hidden name beside its target, {@code .<target>.tmp-<random>}, and
 * renamed once everything in it is on the disk. A process that is killed leaves at most such a
 * hidden directory, which nothing reads and anyone may delete.
 */
public final class AtomicDirectory implements AutoCloseable {

    private final Path target;
    private final Path temporary;
    private boolean committed;

    private AtomicDirectory(Path target, Path temporary) {
        this.target = target;
        this.temporary = temporary;
    }

    /**
     * Begins a directory.
     *
     * @param directory the target: absent, or an empty directory
     * @return the directory to fill, then commit, and close in any case
     * @throws FileAlreadyExistsException if there is something at the target
     * @throws IOException if it can't be made
     */
    public static AtomicDirectory begin(Path directory) throws IOException {
        Path target = directory.toAbsolutePath().normalize();
        requireFree(target);
        Path parent = target.getParent();
        if (parent == null) {
            throw new FileAlreadyExistsException(target.toString(), null, "is a root directory");
        }
        Files.createDirectories(parent);
        // Not createTempDirectory, which would leave a directory that only its owner can read.
        Path temporary = parent.resolve("." + target.getFileName() + ".tmp-" + UUID.randomUUID());
        Files.createDirectory(temporary);
        return new AtomicDirectory(target, temporary);
    }

    /**
     * Returns where to put the files. Each must be forced to disk by whoever writes it.
     *
     * @return the directory's hidden name
     */
    public Path path() {
        return temporary;
    }

    /**
     * Gives the directory its name.
     *
     * @throws IOException if something has appeared at the target, or renaming fails
     */
    public void commit() throws IOException {
        force(temporary);
        requireFree(target);
        // Windows can't rename onto an empty directory; deleting fails if it is no longer empty.
        Files.deleteIfExists(target);
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        committed = true;
        force(target.getParent());
    }

    /** Removes what was not committed. */
    @Override
    public void close() throws IOException {
        if (committed || !Files.exists(temporary)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> tree = Files.walk(temporary)) {
            all = tree.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.deleteIfExists(path);
        }
    }

    private static void requireFree(Path target) throws IOException {
        if (!Files.exists(target)) {
            return;
        }
        boolean empty = false;
        if (Files.isDirectory(target)) {
            try (Stream<Path> files = Files.list(target)) {
                empty = files.findAny().isEmpty();
            }
        }
        if (!empty) {
            throw new FileAlreadyExistsException(
                    target.toString(),
                    null,
                    "exists and is not an empty directory; choose another one or remove it first");
        }
    }

    /** Makes a directory's entries durable, where the system has a notion of that. */
    private static void force(Path directory) throws IOException {
        if (directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
