package ai.llm360.common.model;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** Holds a device's free memory, so that a load that can't fit is refused before it begins. */
public final class MemoryBudget {

    /** The share for weights; the cache, activations, the JVM and libtorch need the rest. */
    private static final double SHARE = 0.92;

    private final long bytes;
    private final String place;

    /**
     * Creates a budget.
     *
     * @param place what has it, such as {@code this machine}
     */
    public MemoryBudget(long bytes, String place) {
        this.bytes = bytes;
        this.place = place;
    }

    /** Asks a device for its free memory: a GPU's own, or what a machine has without swapping. */
    public static MemoryBudget of(Device device) {
        if (device.isGpu()) {
            long free =
                    CudaUtils.getGpuMemory(device).getMax()
                            - CudaUtils.getGpuMemory(device).getCommitted();
            return new MemoryBudget(free, device.toString());
        }
        return new MemoryBudget(availableOnHost(), "this machine");
    }

    /**
     * Checks that weights fit.
     *
     * @throws IllegalArgumentException if they don't, naming a type that would
     */
    void check(WeightType type, long parameters) {
        if (fits(type, parameters)) {
            return;
        }
        Optional<WeightType> fitting =
                Arrays.stream(WeightType.values())
                        .filter(other -> other.byteSize() < type.byteSize())
                        .filter(other -> other != WeightType.FP16)
                        .filter(other -> fits(other, parameters))
                        .max(Comparator.comparingInt(WeightType::byteSize));
        String cure =
                fitting.map(
                                other ->
                                        "load it with dtype %s, which takes %s"
                                                .formatted(other, size(other, parameters)))
                        .orElse("no dtype makes it fit");
        throw new IllegalArgumentException(
                String.format(
                        Locale.ROOT,
                        "%,d parameters in %s take %s, but %s; %s",
                        parameters,
                        type,
                        size(type, parameters),
                        this,
                        cure));
    }

    private static String size(WeightType type, long parameters) {
        return gigabytes(parameters * type.byteSize());
    }

    private boolean fits(WeightType type, long parameters) {
        return holds(parameters * type.byteSize());
    }

    /** Returns whether something fits, and leaves room for what else a program needs. */
    public boolean holds(long needed) {
        return needed <= bytes * SHARE;
    }

    /** Returns {@code this machine has 23.1 GB free}. */
    @Override
    public String toString() {
        return "%s has %s free".formatted(place, gigabytes(bytes));
    }

    /**
     * Writes a size.
     *
     * @return such as {@code 13.5 GB}
     */
    public static String gigabytes(long count) {
        return String.format(Locale.ROOT, "%.1f GB", count / 1e9);
    }

    /**
     * {@return the bytes in use for this process: its resident set, or a GPU's committed memory; 0
     * where the system doesn't tell}
     */
    public static long used(Device device) {
        return device.isGpu()
                ? CudaUtils.getGpuMemory(device).getCommitted()
                : linux("/proc/self/status", "VmRSS:").orElse(0);
    }

    /** Linux says what could be had without swapping; elsewhere all physical memory is taken. */
    private static long availableOnHost() {
        return linux("/proc/meminfo", "MemAvailable:").orElseGet(MemoryBudget::physical);
    }

    private static long physical() {
        java.lang.management.OperatingSystemMXBean system =
                java.lang.management.ManagementFactory.getOperatingSystemMXBean();
        return system instanceof com.sun.management.OperatingSystemMXBean details
                ? details.getTotalMemorySize()
                : Long.MAX_VALUE;
    }

    /** Reads the bytes that a line of a file states in kB; elsewhere there is no such file. */
    private static OptionalLong linux(String file, String label) {
        try (Stream<String> lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(label))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst();
        } catch (IOException | UncheckedIOException e) {
            return OptionalLong.empty();
        }
    }
}
