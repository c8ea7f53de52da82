package ai.llm360.hub;

import java.io.InterruptedIOException;
import java.time.Duration;

/** Sleeps between retries; a test's one only counts. */
interface Pause {

    void sleep(Duration duration) throws InterruptedException;

    /** Takes the reason, before it waits. */
    default void before(HubRetry retry) {}

    /** Waits, and says in the words of files that it was interrupted. */
    default void of(Duration duration) throws InterruptedIOException {
        try {
            sleep(duration);
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    static InterruptedIOException interrupted() {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted");
    }
}
