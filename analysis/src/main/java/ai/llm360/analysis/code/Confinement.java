package ai.llm360.analysis.code;

/**
 * The limits that were seen in force by a program that looked, before any other one ran.
 *
 * @param files whether a program sees no files but the system's programs and Python's, read-only,
 *     and an empty directory of its own
 * @param network whether it is without a network
 * @param processTree whether all its processes end with it, whatever they do
 * @param seconds its time
 * @param memory bytes of address space of each of its processes; 0 if unlimited
 * @param processes the number of its processes; 0 if unlimited
 * @param fileSize bytes of a file that it writes; 0 if unlimited
 * @param python the version of Python
 * @param missing why files, network and processes aren't confined; empty if they are
 */
public record Confinement(
        boolean files,
        boolean network,
        boolean processTree,
        double seconds,
        long memory,
        long processes,
        long fileSize,
        String python,
        String missing) {}
