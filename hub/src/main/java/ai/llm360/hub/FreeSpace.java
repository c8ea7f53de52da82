package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Measures the free bytes on a directory's disk. */
@FunctionalInterface
interface FreeSpace {

    /** Asks the system about a directory that exists. */
    long of(Path directory) throws IOException;

    /** Asks about a directory that need not exist yet. */
    default long at(Path directory) throws IOException {
        return of(existing(directory));
    }

    /** Refuses what doesn't fit; {@code what} says in a message what it is for. */
    default void require(Path directory, long bytes, String what) throws IOException {
        long free = at(directory);
        if (free < bytes) {
            throw new HubException(
                    Reason.NO_SPACE,
                    "%s: %d bytes are needed, and %s has room for %d; free some space, or use another disk (HF_HUB_CACHE and LLM360_HOME name directories)"
                            .formatted(what, bytes, existing(directory), free));
        }
    }

    private static Path existing(Path directory) {
        Path existing = directory.toAbsolutePath();
        while (!Files.exists(existing)) {
            existing = existing.getParent();
        }
        return existing;
    }
}
