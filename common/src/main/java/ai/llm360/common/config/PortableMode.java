package ai.llm360.common.config;

import com.sun.jna.Platform;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Makes this process compute the same bits on every x86-64 Linux, whoever made its processor.
 *
 * <p>libtorch and the libraries in it choose their kernels by the processor, and other kernels sum
 * in another order. In the portable mode libtorch takes its kernels without AVX, MKL its
 * reproducible code path, oneDNN no more than SSE4.1, and two threads share each sum.
 *
 * <p>Each library reads its setting from the {@link NativeEnvironment} once, when it is loaded or
 * first used. See docs/adr/0014-portable-training.md.
 */
public final class PortableMode {

    /** The threads that libtorch computes with. */
    public static final int THREADS = 2;

    private static final Path MAPS = Path.of("/proc/self/maps");

    private static final Map<String, String> SETTINGS =
            Map.of(
                    "ATEN_CPU_CAPABILITY", "default",
                    "MKL_CBWR", "COMPATIBLE",
                    "ONEDNN_MAX_CPU_ISA", "SSE41",
                    "OMP_NUM_THREADS", String.valueOf(THREADS));

    private PortableMode() {}

    /**
     * {@return whether this system is one on which the mode gives the same bits as on others: Linux
     * on x86-64}
     */
    public static boolean isSupported() {
        return Platform.isLinux() && Platform.isIntel() && Platform.is64Bit();
    }

    /**
     * Sets the mode for the whole process. It must run before libtorch is loaded; running it again
     * changes nothing. Elsewhere than on x86-64 Linux it sets the number of threads alone.
     *
     * @throws ConfigException if the user's own settings contradict, naming them
     * @throws IllegalStateException if libtorch is loaded already, without the mode
     */
    public static void apply() {
        check();
        if (isSupported() && !isOn()) {
            if (isLoaded()) {
                throw new IllegalStateException(
                        "the portable mode must be set before libtorch is loaded, and it is loaded"
                                + " already: call PortableMode.apply() first of all, or start the"
                                + " process with "
                                + list(SETTINGS));
            }
            SETTINGS.forEach(NativeEnvironment::set);
        }
        EngineSettings.optThreads(THREADS);
    }

    /**
     * Checks that the user's own settings allow the mode, and sets nothing.
     *
     * @throws ConfigException if they contradict, naming them
     */
    public static void check() {
        Map<String, String> others = new TreeMap<>();
        String threads =
                System.getProperty(EngineSettings.THREADS, System.getenv(EngineSettings.THREADS));
        if (threads != null && !threads.equals(String.valueOf(THREADS))) {
            others.put(EngineSettings.THREADS, threads);
        }
        if (isSupported()) {
            SETTINGS.forEach(
                    (name, value) -> {
                        String given = System.getenv(name);
                        if (given != null && !given.equals(value)) {
                            others.put(name, given);
                        }
                    });
        }
        if (!others.isEmpty()) {
            throw new ConfigException(
                    "the portable mode can't be had with %s, which this process was started with; start it without"
                            .formatted(list(others)));
        }
    }

    /**
     * {@return whether libtorch, if loaded, was loaded in this mode, set by {@link #apply} or in
     * the environment that the process was started with; never elsewhere than on x86-64 Linux}
     */
    public static boolean isOn() {
        return isSupported()
                && SETTINGS.entrySet().stream()
                        .allMatch(
                                setting ->
                                        setting.getValue()
                                                .equals(NativeEnvironment.get(setting.getKey())));
    }

    /** libgomp reads its variables first of all, and others than libtorch may have loaded it. */
    private static boolean isLoaded() {
        try (Stream<String> maps = Files.lines(MAPS)) {
            List<String> libraries = List.of("libtorch_cpu", "libgomp");
            return maps.anyMatch(line -> libraries.stream().anyMatch(line::contains));
        } catch (IOException | UncheckedIOException e) {
            throw new IllegalStateException(
                    MAPS + " can't be read, which tells whether libtorch is loaded already", e);
        }
    }

    private static String list(Map<String, String> settings) {
        return String.join(
                " ",
                new TreeMap<>(settings)
                        .entrySet().stream()
                                .map(each -> each.getKey() + "=" + each.getValue())
                                .toList());
    }
}
