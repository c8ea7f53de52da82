package ai.llm360.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Writes small files, whole or not at all. */
public final class WholeFile {

    private WholeFile() {}

    /** Creates a file, which must not exist, and forces it to disk. */
    public static void create(Path file, byte[] content) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }

    /**
     * Gives a file new content: readers see the old one or the new one, whole.
     *
     * @param file the file, in an existing directory; made if absent
     * @param content its bytes
     * @throws IOException if it can't be written; what was there stays
     */
    public static void replace(Path file, byte[] content) throws IOException {
        Path temporary = AtomicDirectory.hidden(file);
        try {
            create(temporary, content);
            Files.move(
                    temporary,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
        AtomicDirectory.force(file.toAbsolutePath().getParent());
    }
}
