package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Decides how long a piece of work is retried after passing failures.
 *
 * <p>A failure by itself is tried again after 0.25 s, 0.5 s, 1 s and so on, {@value #MAX_FAILURES}
 * times in a row without a byte of progress, about a minute. A server that says when to come back
 * is believed for a quarter of an hour: the Hub counts requests in windows of five minutes.
 */
final class Patience {

    private static final int MAX_FAILURES = 8;
    private static final Duration FIRST = Duration.ofMillis(250);
    private static final Duration LEAST_ASKED = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(15);

    private final Pause pause;
    private final String what;
    private int failures;
    private Duration waited = Duration.ZERO;

    Patience(Pause pause, String what) {
        this.pause = pause;
        this.what = what;
    }

    /** Work that may fail in passing. */
    interface Work<T> {
        T run() throws IOException;
    }

    /** Does a piece of work that has no progress to speak of. */
    <T> T until(Work<T> work) throws IOException {
        while (true) {
            try {
                return work.run();
            } catch (TransientException e) {
                after(e);
            }
        }
    }

    /** Some of the work got done, so a failure that follows is the first one again. */
    void progressed() {
        failures = 0;
        waited = Duration.ZERO;
    }

    /** Waits after a failure, or gives up. */
    void after(TransientException failure) throws IOException {
        Duration asked = failure.retryAfter();
        Duration wait;
        if (asked == null) {
            failures++;
            wait = FIRST.multipliedBy(1L << (failures - 1));
            // Between half and all of it, so that clients that fail together don't return together.
            wait = wait.multipliedBy(ThreadLocalRandom.current().nextInt(50, 101)).dividedBy(100);
        } else {
            wait = asked.compareTo(LEAST_ASKED) < 0 ? LEAST_ASKED : asked;
        }
        waited = waited.plus(wait);
        if (failures > MAX_FAILURES || waited.compareTo(LONGEST) > 0) {
            throw new HubException(
                    Reason.UNREACHABLE,
                    "%s: gave up after %s: %s; what is whole so far is kept, so ask again later"
                            .formatted(what, tries(asked, wait), failure.getMessage()),
                    failure);
        }
        pause.before(
                new HubRetry(
                        what,
                        failure.getMessage(),
                        wait,
                        asked == null ? failures : 0,
                        MAX_FAILURES));
        pause.of(wait);
    }

    private String tries(Duration asked, Duration wait) {
        return asked == null
                ? failures + " failures in a row"
                : "the server asked for another " + wait.toSeconds() + " s of waiting";
    }
}
