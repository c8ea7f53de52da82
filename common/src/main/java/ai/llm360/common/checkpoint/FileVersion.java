package ai.llm360.common.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;

/**
 * A file as it was at one time, as far as its directory entry tells. A mapped file is memory that
 * others can change: one that shrinks kills the process that reads on, and one that is overwritten
 * changes under it.
 *
 * @param file the file
 * @param bytes its size
 * @param modified when it was changed last
 * @param key what tells it from one that took its place, such as device and inode; empty where the
 *     system has no such thing
 */
public record FileVersion(Path file, long bytes, FileTime modified, String key) {

    /** Looks at a file. */
    public static FileVersion of(Path file) throws IOException {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
        Object key = found.fileKey();
        return new FileVersion(
                file, found.size(), found.lastModifiedTime(), key == null ? "" : key.toString());
    }

    /**
     * Checks that the file is still the same.
     *
     * @throws CheckpointException if it isn't there or is another; the message says what is new
     */
    public void requireUnchanged() throws IOException {
        FileVersion now;
        try {
            now = of(file);
        } catch (NoSuchFileException e) {
            throw changed("it isn't there any more", e);
        }
        if (now.bytes != bytes) {
            throw changed("%d bytes then, %d now".formatted(bytes, now.bytes), null);
        } else if (!now.modified.equals(modified)) {
            throw changed("written at %s then, at %s now".formatted(modified, now.modified), null);
        } else if (!now.key.equals(key)) {
            throw changed("another file has taken its place", null);
        }
    }

    private CheckpointException changed(String what, Throwable cause) {
        return new CheckpointException(
                file, "changed since it was loaded: " + what + "; load the model again", cause);
    }
}
