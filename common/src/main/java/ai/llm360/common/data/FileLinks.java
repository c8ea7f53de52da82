package ai.llm360.common.data;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Puts a file that never changes into a second directory. */
final class FileLinks {

    private FileLinks() {}

    /** Links the file, or copies it where the file system has no links or is another one. */
    static Path linkOrCopy(Path from, Path to) throws IOException {
        try {
            return Files.createLink(to, from);
        } catch (IOException | UnsupportedOperationException e) {
            Files.copy(from, to);
            try (FileChannel channel = FileChannel.open(to, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            return to;
        }
    }
}
