package ai.llm360.hub;

import java.nio.file.Path;

/**
 * A file that isn't as it should be.
 *
 * @param path where it lies, or should
 * @param kind what is the matter
 * @param expected what it should be, such as {@code sha256 …}
 * @param found what it is instead
 */
public record FileProblem(Path path, Kind kind, String expected, String found) {

    /** Kinds of a file's problem. */
    public enum Kind {
        /** It isn't there. */
        MISSING,
        /** Its bytes are others than they should be. */
        DAMAGED,
        /** Nothing on this machine says what its bytes should be. */
        UNKNOWN
    }

    /** Says in one line what is the matter. */
    @Override
    public String toString() {
        return switch (kind) {
            case MISSING -> path + ": isn't there; expected " + expected;
            case DAMAGED -> "%s: damaged: expected %s, found %s".formatted(path, expected, found);
            case UNKNOWN -> path + ": can't be verified: " + found;
        };
    }
}
