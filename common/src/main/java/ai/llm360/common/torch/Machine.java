package ai.llm360.common.torch;

import ai.djl.engine.Engine;
import ai.llm360.common.config.EngineSettings;
import ai.llm360.common.config.PortableMode;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Names all that decides, beside recipe and data, in which order sums are taken on a CPU, and so
 * the last bits of trained weights.
 *
 * @param processor the processor's name
 * @param threads the threads that libtorch computes with; 0 where that was not recorded
 * @param libtorch libtorch's version
 * @param instructions the instructions that libtorch chose its kernels for, such as {@code AVX512};
 *     {@link #PORTABLE} in the portable mode; {@link #UNKNOWN} where that was not recorded or can't
 *     be found out
 * @param system the operating system and its architecture, such as {@code Linux amd64}; {@link
 *     #UNKNOWN} where that was not recorded
 */
public record Machine(
        String processor, int threads, String libtorch, String instructions, String system) {

    /** Stands for what is not known; it counts as no difference. */
    public static final String UNKNOWN = "unknown";

    /** Stands for the kernels of {@link PortableMode}, which are the same for all processors. */
    public static final String PORTABLE = "any x86-64";

    /** The name that libtorch on x86-64 has for its kernels without AVX. */
    private static final String NO_AVX = "NO AVX";

    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final Path MAPS = Path.of("/proc/self/maps");

    /** dlopen's RTLD_LAZY and, on Linux, RTLD_NOLOAD: a library only if it is loaded already. */
    private static final int LOADED_ONLY = 1 | 4;

    /** Room for a std::string of libstdc++, which keeps up to 15 bytes of text in itself. */
    private static final int STRING_BYTES = 32;

    /** Reads absent texts, as files of before they were recorded have them, as unknown. */
    public Machine {
        processor = processor == null ? UNKNOWN : processor;
        libtorch = libtorch == null ? UNKNOWN : libtorch;
        instructions = instructions == null ? UNKNOWN : instructions;
        system = system == null ? UNKNOWN : system;
    }

    /**
     * Returns the machine that this process runs on. DJL's engine is loaded if it isn't yet.
     *
     * @return this machine; where the system doesn't tell the processor, its architecture
     */
    public static Machine here() throws IOException {
        EngineSettings.apply();
        String libtorch = Engine.getEngine("PyTorch").getVersion();
        Optional<NativeLibrary> library = loaded();
        int threads = library.map(Machine::threads).orElseGet(EngineSettings::threads);
        String instructions = library.map(Machine::instructions).orElse(UNKNOWN);
        boolean portable =
                PortableMode.isOn()
                        && threads == PortableMode.THREADS
                        && instructions.equals(NO_AVX);
        return new Machine(
                processorHere(),
                threads,
                libtorch,
                portable ? PORTABLE : instructions,
                System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    }

    /** A virtual machine may hide the name; the numbers still tell one generation from another. */
    private static String processorHere() throws IOException {
        if (!Files.isReadable(CPU_INFO)) {
            return System.getProperty("os.arch");
        }
        Map<String, String> first = new HashMap<>();
        for (String line : Files.readAllLines(CPU_INFO)) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                first.putIfAbsent(
                        line.substring(0, colon).strip(), line.substring(colon + 1).strip());
            }
        }
        return first.containsKey("model name")
                ? "%s (family %s, model %s)"
                        .formatted(
                                first.get("model name"),
                                first.getOrDefault("cpu family", UNKNOWN),
                                first.getOrDefault("model", UNKNOWN))
                : System.getProperty("os.arch");
    }

    /** Finds the libtorch that this process has loaded, which has no operator for what follows. */
    private static Optional<NativeLibrary> loaded() {
        if (!Platform.isLinux() || !Files.isReadable(MAPS)) {
            return Optional.empty();
        }
        try (Stream<String> maps = Files.lines(MAPS)) {
            return maps.filter(line -> line.endsWith("/libtorch_cpu.so"))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf('/')))
                    .map(
                            path ->
                                    NativeLibrary.getInstance(
                                            path, Map.of(Library.OPTION_OPEN_FLAGS, LOADED_ONLY)));
        } catch (IOException | UncheckedIOException | LinkageError e) {
            return Optional.empty();
        }
    }

    /**
     * {@code int at::get_num_threads()}: OMP_NUM_THREADS counts too where DJL's property isn't set.
     */
    private static int threads(NativeLibrary libtorch) {
        try {
            return libtorch.getFunction("_ZN2at15get_num_threadsEv").invokeInt(new Object[0]);
        } catch (LinkageError e) {
            return EngineSettings.threads();
        }
    }

    /**
     * {@code std::string at::get_cpu_capability()}. A result that isn't trivial is written where a
     * hidden first argument points, on x86-64; elsewhere another register holds that.
     */
    private static String instructions(NativeLibrary libtorch) {
        if (!Platform.isIntel() || !Platform.is64Bit()) {
            return UNKNOWN;
        }
        try (Memory text = new Memory(STRING_BYTES)) {
            libtorch.getFunction("_ZN2at18get_cpu_capabilityB5cxx11Ev")
                    .invokePointer(new Object[] {text});
            Pointer bytes = text.getPointer(0);
            long length = text.getLong(Long.BYTES);
            return length > 0 && length < STRING_BYTES
                    ? new String(
                            bytes.getByteArray(0, Math.toIntExact(length)), StandardCharsets.UTF_8)
                    : UNKNOWN;
        } catch (LinkageError e) {
            return UNKNOWN;
        }
    }

    /** Returns whether it computes in the portable mode. */
    public boolean isPortable() {
        return instructions.equals(PORTABLE);
    }

    /**
     * Says what another machine has that this one hasn't.
     *
     * @return such as {@code 4 threads, not 2}; empty if the two are alike in all that is known and
     *     matters
     */
    public List<String> differences(Machine other) {
        List<String> found = new ArrayList<>();
        if (!isPortable() || !other.isPortable()) {
            compare("", processor, other.processor, found);
        }
        if (threads != other.threads && threads > 0 && other.threads > 0) {
            found.add(
                    "%d %s, not %d"
                            .formatted(
                                    other.threads,
                                    other.threads == 1 ? "thread" : "threads",
                                    threads));
        }
        compare("libtorch ", libtorch, other.libtorch, found);
        compare("kernels for ", instructions, other.instructions, found);
        compare("", system, other.system, found);
        return found;
    }

    private static void compare(String name, String mine, String others, List<String> found) {
        if (!mine.equals(others) && !mine.equals(UNKNOWN) && !others.equals(UNKNOWN)) {
            found.add("%s%s, not %s".formatted(name, others, mine));
        }
    }
}
