package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import java.io.IOException;

/**
 * Brings files of one commit into the cache: under the file's lock, on from where an earlier
 * download stopped, and by its name only when its hash is right.
 *
 * <p>Wrong bytes are thrown away and fetched once more, through one connection; what was wrong then
 * too is an error.
 */
record BlobDownload(
        HubHttp http,
        Sleeper sleeper,
        CachedRepository cache,
        String commit,
        int partBytes,
        TransferProgress progress) {

    private static final int PASSES = 2;

    /** Tells whether a file is read faster through several connections. */
    boolean hasParts(HubFile file) {
        return file.size() > partBytes;
    }

    /**
     * Downloads a file, unless it has come into the cache meanwhile, and shows it in the commit.
     */
    void fetch(HubFile file, int connections) throws IOException {
        BlobLock.hold(
                cache.lock(file),
                sleeper,
                () -> {
                    downloadUnlessHere(file, connections);
                    cache.link(commit, file); // under the lock: who prunes leaves it then
                });
    }

    /** Shows a file whose bytes are here in the commit; if they have gone, they are fetched. */
    void show(HubFile file, int connections) throws IOException {
        if (cache.has(commit, file)) {
            return;
        }
        BlobLock.hold(
                cache.lock(file),
                sleeper,
                () -> {
                    if (!cache.hasBlob(file)) {
                        download(file, connections);
                    }
                    cache.link(commit, file);
                });
    }

    private void downloadUnlessHere(HubFile file, int connections) throws IOException {
        if (cache.hasBlob(file)) {
            progress.at(file, file.size()); // another process did it while this one waited
        } else {
            download(file, connections);
        }
    }

    private void download(HubFile file, int connections) throws IOException {
        String problem = "its bytes don't have the hash that the Hub lists";
        for (int pass = 1; pass <= PASSES; pass++) {
            boolean first = pass == 1;
            RangeReader reader = new RangeReader(http, sleeper, cache.name(), commit, file, first);
            try (PartialFile partial = PartialFile.open(cache.partial(file), file)) {
                progress.at(file, partial.length());
                try {
                    read(reader, partial, file, first ? connections : 1);
                    if (partial.publish(cache.blob(file))) {
                        return;
                    }
                } catch (RangeReader.ChangedException e) {
                    problem = e.getMessage();
                    partial.discard();
                }
                progress.at(file, 0);
            }
        }
        throw new HubException(
                Reason.DAMAGED,
                "%s@%s %s: downloaded %d times, and %s; nothing of it is kept, so ask again later"
                        .formatted(cache.name(), commit, file.path(), PASSES, problem));
    }

    private void read(RangeReader reader, PartialFile partial, HubFile file, int connections)
            throws IOException {
        RangeReader.Sink sink =
                (bytes, offset, count) -> {
                    partial.append(bytes, offset, count);
                    progress.at(file, partial.length());
                };
        if (connections > 1 && file.size() - partial.length() > partBytes) {
            try {
                new ParallelRanges(reader, connections, partBytes, partial.length(), file.size())
                        .readAll(sink);
                return;
            } catch (RangeReader.RangesIgnoredException e) {
                // Then in one stream, on from where it is.
            }
        }
        reader.readToEnd(partial.length(), sink);
    }
}
