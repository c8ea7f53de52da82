package ai.llm360.io.internal;

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
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A directory that comes into being whole or not at all.
 *
 * <p>It is filled under a hidden name beside its target, {@code .<target>.tmp-<random>}, and
 * renamed once everything in it is on the disk. A process that is killed leaves at most such a
 * hidden directory, which nothing reads and anyone may delete. It goes the same way: {@link
 * #remove} hides it first.
 */
public final class AtomicDirectory implements AutoCloseable {

    private static final Pattern LEFTOVER =
            Pattern.compile("\\..+\\.tmp-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

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
     * @param directory the target: absent, or an empty directory; its parents are made if absent
     * @throws FileAlreadyExistsException if there is something at the target
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
        Path temporary = hidden(target);
        Files.createDirectory(temporary);
        return new AtomicDirectory(target, temporary);
    }

    /**
     * {@return a path beside a target, where nothing is, of a name that {@link #removeLeftovers}
     * knows}
     */
    public static Path hidden(Path target) {
        return target.resolveSibling("." + target.getFileName() + ".tmp-" + UUID.randomUUID());
    }

    /**
     * Removes a directory and all in it. To readers it is whole, and then gone. Where that fails,
     * part of it may be left under a hidden name.
     */
    public static void remove(Path directory) throws IOException {
        Path target = directory.toAbsolutePath().normalize();
        Path hidden = hidden(target);
        Files.move(target, hidden, StandardCopyOption.ATOMIC_MOVE);
        force(target.getParent());
        delete(hidden);
    }

    /**
     * Removes what killed processes left in a directory, which may be absent. Whoever calls this
     * must know that no process writes there now.
     */
    public static void removeLeftovers(Path parent) throws IOException {
        if (!Files.isDirectory(parent)) {
            return;
        }
        List<Path> leftovers;
        try (Stream<Path> entries = Files.list(parent)) {
            leftovers =
                    entries.filter(
                                    path ->
                                            LEFTOVER.matcher(path.getFileName().toString())
                                                    .matches())
                            .toList();
        }
        for (Path leftover : leftovers) {
            delete(leftover);
        }
    }

    /**
     * {@return the hidden directory to put the files into} Each must be forced to disk by whoever
     * writes it.
     */
    public Path path() {
        return temporary;
    }

    /**
     * Gives the directory its name. Where that fails, {@link #close} removes what was written.
     *
     * @throws FileAlreadyExistsException if something came to be at the target meanwhile
     */
    public void commit() throws IOException {
        List<Path> directories;
        try (Stream<Path> tree = Files.walk(temporary)) {
            directories = tree.filter(Files::isDirectory).toList();
        }
        for (Path directory : directories) {
            force(directory);
        }
        requireFree(target);
        // Windows can't rename onto an empty directory; deleting fails if it is no longer empty.
        Files.deleteIfExists(target);
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        committed = true;
        force(target.getParent());
    }

    /** Removes what was written, unless it was committed. */
    @Override
    public void close() throws IOException {
        if (!committed && Files.exists(temporary)) {
            delete(temporary);
        }
    }

    private static void delete(Path directoryOrFile) throws IOException {
        List<Path> all;
        try (Stream<Path> tree = Files.walk(directoryOrFile)) {
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
    public static void force(Path directory) throws IOException {
        if (directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
