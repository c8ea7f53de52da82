package ai.llm360.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Set;

/**
 * The lock on one content of one repository, held while it is downloaded.
 *
 * <p>It keeps processes of this library apart. Python's {@code filelock} uses another kind of lock
 * ({@code flock}), which doesn't see ours, and removes the file when it is done; both sides write
 * to files of their own and rename them, so at worst both download.
 */
final class BlobLock {

    private static final Duration POLL = Duration.ofMillis(100);

    private BlobLock() {}

    /** Work that is done under the lock. */
    interface Work {
        void run() throws IOException;
    }

    /** Does some work under the lock, after waiting as long as another holds it. */
    static void hold(Path path, Pause pause, Work work) throws IOException {
        boolean held = false;
        while (!held) {
            try (FileChannel channel = open(path)) {
                Object opened = identity(path);
                // Kept open while waiting: closing it would free the lock for the whole JVM.
                while (!tryLock(channel)) {
                    pause.of(POLL);
                }
                held = isStillAt(path, opened);
                if (held) {
                    work.run();
                }
            }
        }
    }

    /**
     * Does some work under the lock, unless another holds it.
     *
     * @return whether it was done
     */
    static boolean tryHold(Path path, Work work) throws IOException {
        try (FileChannel channel = open(path)) {
            Object opened = identity(path);
            boolean held = tryLock(channel) && isStillAt(path, opened);
            if (held) {
                work.run();
            }
            return held;
        }
    }

    private static FileChannel open(Path path) throws IOException {
        Files.createDirectories(path.getParent());
        return FileChannel.open(
                path,
                Set.of(
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        LinkOption.NOFOLLOW_LINKS));
    }

    /** Tells whether a file is still the one that was opened: a removed one's lock is nobody's. */
    private static boolean isStillAt(Path path, Object opened) throws IOException {
        return opened != null && opened.equals(identity(path));
    }

    private static boolean tryLock(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false; // another thread of this process has it
        }
    }

    /** Returns what tells one file from another of the same name; null if there is none. */
    private static Object identity(Path path) throws IOException {
        try {
            Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
            return key == null ? path : key; // Windows has no keys, and can't remove open files
        } catch (NoSuchFileException e) {
            return null;
        }
    }
}
