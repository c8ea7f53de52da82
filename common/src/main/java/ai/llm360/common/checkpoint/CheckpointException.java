package ai.llm360.common.checkpoint;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A checkpoint that can't be used, because its bytes break the format's rules or because it doesn't
 * hold what was asked for.
 *
 * <p>It is the only exception that malformed input raises. Its message starts with the file's path
 * and says what was found, what was expected and, where there is a cure, what to do.
 */
public final class CheckpointException extends IOException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception about a file.
     *
     * @param file the file or directory at fault
     * @param problem what was found, what was expected, and what to do
     */
    public CheckpointException(Path file, String problem) {
        this(file, problem, null);
    }

    /** Creates an exception about a file, with the failure that revealed it. */
    public CheckpointException(Path file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }
}
