package ai.llm360.zoo.source;

import ai.djl.util.Progress;
import ai.llm360.hub.HubFile;
import ai.llm360.hub.HubPlan;
import ai.llm360.hub.TransferListener;
import java.util.HashMap;
import java.util.Map;

/** Tells DJL's progress the bytes of all files of one download. */
record DjlTransfer(Progress progress, Map<HubFile, Long> bytes) implements TransferListener {

    /** Returns a listener for one download; {@code progress} may be null. */
    static TransferListener of(Progress progress) {
        return progress == null
                ? TransferListener.none()
                : new DjlTransfer(progress, new HashMap<>());
    }

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
