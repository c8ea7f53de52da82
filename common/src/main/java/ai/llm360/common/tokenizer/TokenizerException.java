package ai.llm360.common.tokenizer;

import ai.llm360.io.internal.PlainText;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Thrown when a tokenizer file is absent, damaged, or of a kind that can't be read; it names it.
 */
public final class TokenizerException extends IOException {

    TokenizerException(Path file, String problem) {
        this(file + ": " + PlainText.inLine(problem), null);
    }

    TokenizerException(Path file, String problem, Throwable cause) {
        this(file + ": " + PlainText.inLine(problem), cause);
    }

    TokenizerException(String message, Throwable cause) {
        super(message, cause);
    }

    /** Says that a file isn't of the kind that its name says. */
    static TokenizerException invalid(Path file, String kind, Exception cause) {
        return new TokenizerException(
                "%s is no valid %s: %s".formatted(file, kind, PlainText.jsonProblem(cause)), cause);
    }
}
