package ai.llm360.common.config;

/**
 * Sets what must be set before DJL's engine and libtorch are loaded: that DJL is silent towards the
 * network, and that libtorch's threads don't take the cores from one another.
 *
 * <p>DJL pings a metadata address when its engine starts, and fetches what it doesn't find from its
 * own site. This project fetches only what the user asked for, so both are off unless the user's
 * own setting says otherwise: a system property or environment variable that is already set wins.
 *
 * <p>To be offline is set by DJL's older name for it, {@code offline}, to which {@code DJL_OFFLINE}
 * and {@code ai.djl.offline} go before. So these are the user's words alone, and mean that nothing
 * at all is to be fetched, whoever would fetch it.
 */
public final class EngineSettings {

    static final String THREADS = "ai.djl.pytorch.num_threads";

    private EngineSettings() {}

    /**
     * Sets the properties that are not set yet. It must run before DJL's engine is first touched;
     * running it again changes nothing.
     */
    public static void apply() {
        setDefault("OPT_OUT_TRACKING", "true");
        setDefault("RUST_FLAVOR", "cpu"); // else a CUDA build of the tokenizers is looked for
        setDefault("offline", "true");
        SpinTime.apply();
    }

    /**
     * Sets how many threads libtorch computes with, unless the user has: it decides the order of
     * sums and so their last bits. It must run before DJL's engine is first touched: the number
     * can't be changed later.
     */
    public static void optThreads(int count) {
        setDefault(THREADS, String.valueOf(count));
    }

    /**
     * {@return the threads that compute, in libtorch and in this project's own kernels alike} It is
     * what {@code ai.djl.pytorch.num_threads} says, as {@link #optThreads} or the user set it, else
     * what libtorch's OpenMP takes from {@code OMP_NUM_THREADS}, else one for each processor.
     */
    public static int threads() {
        String openMp = String.valueOf(System.getenv("OMP_NUM_THREADS"));
        int others =
                openMp.matches("[1-9]\\d{0,3}")
                        ? Integer.parseInt(openMp)
                        : Runtime.getRuntime().availableProcessors();
        return Math.max(1, Integer.getInteger(THREADS, others));
    }

    private static void setDefault(String name, String value) {
        if (System.getProperty(name) == null && System.getenv(name) == null) {
            System.setProperty(name, value);
        }
    }
}
