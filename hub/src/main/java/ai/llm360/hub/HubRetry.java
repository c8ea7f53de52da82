package ai.llm360.hub;

import java.time.Duration;
import java.util.Locale;

/**
 * A failure that may pass, and how long it is waited for.
 *
 * @param what the file or the question that failed
 * @param reason the failure
 * @param delay the time until the next try
 * @param failures the number of failures in a row, this one included; 0 where the server itself
 *     says how long to wait
 * @param most the number of failures after which no further try is made
 */
public record HubRetry(String what, String reason, Duration delay, int failures, int most) {

    /** Returns a line for people. */
    @Override
    public String toString() {
        String times = failures == 0 ? "as the server asks" : failures + " of " + most;
        return String.format(
                Locale.ROOT,
                "%s: %s; retrying in %.0f s (%s)",
                what,
                reason,
                Math.ceil(delay.toMillis() / 1e3),
                times);
    }
}
