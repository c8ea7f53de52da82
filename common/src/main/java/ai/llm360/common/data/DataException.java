package ai.llm360.common.data;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;

/**
 * Training data, or a recipe for it, that can't be used. The message starts with the file's path
 * and says what was found, what was expected and, where there is a cure, what to do.
 */
public final class DataException extends IOException {

    private static final long serialVersionUID = 1L;

    DataException(Path file, String problem) {
        super(file + ": " + problem);
    }

    DataException(Path file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }

    /** Names the file that couldn't be written, which the system's own message doesn't. */
    static IOException writing(Path file, IOException failure) {
        if (failure instanceof ClosedChannelException) {
            return failure; // the thread was interrupted
        }
        return new DataException(
                file,
                "can't be written (%s); free some space or choose another place; nothing is left"
                                .formatted(failure.getMessage())
                        + " behind",
                failure);
    }
}
