package ai.llm360.cli;

import ai.llm360.hub.HubRetry;
import java.io.PrintStream;
import java.time.Duration;
import java.util.function.Consumer;

/** Says on standard error that the network is waited for, where a person would notice the wait. */
final class Retries implements Consumer<HubRetry> {

    private static final Duration SHORT = Duration.ofSeconds(1);

    private final PrintStream err;
    private long silentUntil = System.nanoTime();

    Retries(Terminal terminal) {
        err = terminal.err();
    }

    /** Connections fail together: one line is enough for as long as it says. */
    @Override
    public synchronized void accept(HubRetry retry) {
        long now = System.nanoTime();
        if (retry.delay().compareTo(SHORT) >= 0 && now - silentUntil >= 0) {
            silentUntil = now + retry.delay().toNanos();
            err.println(retry);
        }
    }
}
