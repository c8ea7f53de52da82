package ai.llm360.cli;

import java.util.ArrayDeque;
import java.util.Deque;

/** Bytes a second over the last half minute: lines change their speed in the course of hours. */
final class TransferRate {

    private static final long WINDOW_NANOS = 30_000_000_000L;
    private static final long SAMPLE_NANOS = 500_000_000L;

    private final Deque<Sample> samples = new ArrayDeque<>();

    private record Sample(long nanos, long bytes) {}

    /** So many bytes have come in all. */
    void at(long nanos, long bytes) {
        if (samples.isEmpty() || nanos - samples.getLast().nanos() >= SAMPLE_NANOS) {
            samples.add(new Sample(nanos, bytes));
            while (nanos - samples.getFirst().nanos() > WINDOW_NANOS) {
                samples.remove();
            }
        }
    }

    /** Returns bytes a second; zero before there are any. */
    double perSecond(long nanos, long bytes) {
        if (samples.isEmpty() || nanos <= samples.getFirst().nanos()) {
            return 0;
        }
        Sample first = samples.getFirst();
        return (bytes - first.bytes()) / ((nanos - first.nanos()) / 1e9);
    }
}
