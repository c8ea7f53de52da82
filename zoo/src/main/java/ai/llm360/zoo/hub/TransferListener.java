package ai.llm360.zoo.hub;

import ai.djl.util.Progress;
import java.util.HashMap;
import java.util.Map;

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

    /**
     * Tells DJL's progress the sum over all files.
     *
     * @param progress who is told; null for nobody
     * @return a listener, for one download
     */
    static TransferListener of(Progress progress) {
        return progress == null ? (file, bytes) -> {} : new Sum(progress, new HashMap<>());
    }

    /** The sum over all files. */
    record Sum(Progress progress, Map<HubFile, Long> bytes) implements TransferListener {

        @Override
        public void onBegin(HubPlan plan) {
            progress.reset("Downloading", plan.missing().stream().mapToLong(HubFile::size).sum());
            progress.start(0);
        }

        @Override
        public void onBytes(HubFile file, long now) {
            Long before = bytes.put(file, now);
            if (now != (before == null ? 0 : before)) {
                progress.update(bytes.values().stream().mapToLong(Long::longValue).sum());
            }
        }

        @Override
        public void onEnd(HubPlan plan) {
            progress.end();
        }
    }
}
