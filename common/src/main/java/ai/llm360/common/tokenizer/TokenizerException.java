package ai.llm360.common.tokenizer;

import java.io.IOException;
import java.nio.file.Path;

/** A tokenizer file is absent, damaged, or of a kind that can't be read; the message names it. */
public final class TokenizerException extends IOException {

    TokenizerException(Path file, String problem) {
        super(file + ": " + problem);
    }

    TokenizerException(Path file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }
}
