package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import ai.llm360.io.internal.Workers;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * Brings what a plan lacks into the cache, if the disk has room for it: small files several at a
 * time, then each big one through several connections.
 */
record SnapshotDownload(
        HubPlan plan,
        CachedRepository cache,
        BlobDownload blobs,
        int connections,
        FreeSpace freeSpace) {

    void run(TransferProgress progress) throws IOException {
        freeSpace.require(
                cache.directory(), plan.missingBytes(), plan.repository() + "@" + plan.revision());
        progress.begin(plan);
        try {
            cache.prepare();
            fetch();
        } catch (FileSystemException e) {
            throw new HubException(
                    Reason.NO_SPACE,
                    "the cache can't be written (%s: %s); name another directory in HF_HUB_CACHE"
                            .formatted(e.getClass().getSimpleName(), e.getMessage()),
                    e);
        }
        progress.end(plan);
    }

    private void fetch() throws IOException {
        List<Callable<Void>> small =
                plan.missing().stream()
                        .filter(file -> !blobs.hasParts(file))
                        .map(this::fetchAlone)
                        .toList();
        try (Workers workers = new Workers("hub-download", connections)) {
            workers.all(small);
        }
        for (HubFile file : plan.missing()) {
            if (blobs.hasParts(file)) {
                blobs.fetch(file, connections);
            }
        }
    }

    private Callable<Void> fetchAlone(HubFile file) {
        return () -> {
            blobs.fetch(file, 1);
            return null;
        };
    }
}
