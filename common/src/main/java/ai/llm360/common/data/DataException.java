package ai.llm360.common.data;

import java.io.IOException;
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
}
