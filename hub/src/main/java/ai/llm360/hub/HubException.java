package ai.llm360.hub;

import java.io.IOException;

/**
 * Something that the Hub, the network or the cache doesn't give. The message says what was asked,
 * what came, and what to do; it never holds a token or the query of a signed address.
 */
public final class HubException extends IOException {

    private static final long serialVersionUID = 1L;

    /** The kind of failure, for programs that have another way. */
    public enum Reason {
        /** There is no such repository, revision or file, or none that this user may know of. */
        NOT_FOUND,
        /** The repository exists, and this user may not read it. */
        NO_ACCESS,
        /** It isn't in the cache, and connections are switched off. */
        OFFLINE,
        /**
         * The Hub didn't answer, or only with passing failures, for longer than is worth waiting.
         */
        UNREACHABLE,
        /** The bytes, or what was said of them, don't agree with the Hub's own list. */
        DAMAGED,
        /** The disk can't take it. */
        NO_SPACE,
        /** A name, a link or an address that could do harm. */
        REFUSED
    }

    private final Reason reason;

    HubException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    HubException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** {@return the reason of the failure} */
    public Reason getReason() {
        return reason;
    }
}
