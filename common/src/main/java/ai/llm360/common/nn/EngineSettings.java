package ai.llm360.common.nn;

/**
 * Keeps DJL silent towards the network.
 *
 * <p>DJL pings a metadata address when its engine starts, and fetches what it doesn't find from its
 * own site. This project fetches only what the user asked for, so both are off unless the user's
 * own setting says otherwise: a system property or environment variable that is already set wins.
 */
public final class EngineSettings {

    private EngineSettings() {}

    /**
     * Sets the properties that are not set yet. It must run before DJL's engine is first touched;
     * running it again changes nothing.
     */
    public static void apply() {
        setDefault("OPT_OUT_TRACKING", "true");
        setDefault("RUST_FLAVOR", "cpu"); // else a CUDA build of the tokenizers is looked for
        if (System.getenv("DJL_OFFLINE") == null) {
            setDefault("ai.djl.offline", "true");
        }
    }

    /**
     * Sets how many threads libtorch computes with, unless the user has. It must run before DJL's
     * engine is first touched: the number can't be changed later.
     *
     * @param count the number of threads, which decides the order of sums and so their last bits
     */
    public static void optThreads(int count) {
        setDefault("ai.djl.pytorch.num_threads", String.valueOf(count));
    }

    private static void setDefault(String name, String value) {
        if (System.getProperty(name) == null && System.getenv(name) == null) {
            System.setProperty(name, value);
        }
    }
}
