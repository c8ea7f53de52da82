package ai.llm360.zoo.source;

import java.io.IOException;

/**
 * A static tree that can't be read or written. The message says where, what was found and what to
 * do.
 */
public final class TreeException extends IOException {

    private static final long serialVersionUID = 1L;

    public TreeException(Object where, String problem) {
        super(where + ": " + problem);
    }

    public TreeException(Object where, String problem, Throwable cause) {
        super(where + ": " + problem, cause);
    }
}
