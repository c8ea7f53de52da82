package ai.llm360.hub;

import java.io.IOException;
import java.time.Duration;

/** A failure that may be over at the next try: a cut connection, a busy server. */
final class TransientException extends IOException {

    private static final long serialVersionUID = 1L;

    private final transient Duration retryAfter;

    TransientException(String message) {
        this(message, null, null);
    }

    /**
     * Creates an exception.
     *
     * @param retryAfter how long the server asks to wait; null where it didn't say
     */
    TransientException(String message, Duration retryAfter, Throwable cause) {
        super(message, cause);
        this.retryAfter = retryAfter;
    }

    Duration retryAfter() {
        return retryAfter;
    }
}
