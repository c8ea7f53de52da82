package ai.llm360.hub;

/** Receives a download's progress, from several threads, but one at a time. */
@FunctionalInterface
public interface TransferListener {

    /** Files are about to be downloaded. */
    default void onBegin(HubPlan plan) {}

    /**
     * Bytes of a file are in the cache. The first call for a file tells what was there before; the
     * last one gives its size.
     *
     * @param file one of the plan's missing files
     * @param bytes how many there are now; fewer than before where wrong ones were thrown away
     */
    void onBytes(HubFile file, long bytes);

    /** All files are there. */
    default void onEnd(HubPlan plan) {}

    /** {@return a listener that does nothing} */
    static TransferListener none() {
        return (file, bytes) -> {};
    }
}
