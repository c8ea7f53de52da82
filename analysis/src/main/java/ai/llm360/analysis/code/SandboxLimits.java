package ai.llm360.analysis.code;

import java.time.Duration;

/**
 * Limits on the resources that a program may use.
 *
 * @param time from its first statement to its end
 * @param memory bytes of address space of each of its processes
 * @param processes the number of its processes and threads
 * @param fileSize bytes of each file that it writes
 */
public record SandboxLimits(Duration time, long memory, int processes, long fileSize) {

    /** The metric code_eval's 3 seconds; 1 GiB, 32 processes, files of 16 MiB. */
    public static final SandboxLimits DEFAULT =
            new SandboxLimits(Duration.ofSeconds(3), 1L << 30, 32, 16L << 20);

    /**
     * Checks that a program can run at all.
     *
     * @throws IllegalArgumentException if a limit is below what Python itself needs, or the time is
     *     over an hour
     */
    public SandboxLimits {
        if (time.isNegative() || time.isZero() || time.compareTo(Duration.ofHours(1)) > 0) {
            throw new IllegalArgumentException(
                    "a program's time must be more than nothing and at most an hour, not " + time);
        }
        if (memory < 1L << 26 || processes < 1 || fileSize < 0) {
            throw new IllegalArgumentException(
                    ("a program needs at least 64 MiB, 1 process and files of no bytes, not %d"
                                    + " bytes, %d processes and files of %d bytes")
                            .formatted(memory, processes, fileSize));
        }
    }
}
