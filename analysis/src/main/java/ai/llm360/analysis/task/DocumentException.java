package ai.llm360.analysis.task;

import java.io.IOException;

/**
 * A benchmark's file that can't be found or used. The message names the file, with its line where
 * there is one, and says what was found and what was expected.
 */
public final class DocumentException extends IOException {

    private static final long serialVersionUID = 1L;

    DocumentException(String file, String problem) {
        super(file + ": " + problem);
    }

    DocumentException(String file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }
}
