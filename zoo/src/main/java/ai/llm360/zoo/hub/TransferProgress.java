package ai.llm360.zoo.hub;

import ai.djl.util.Progress;

/** Counts bytes from several threads for DJL's progress, which knows one. */
final class TransferProgress {

    private final Progress progress;
    private long done;

    /**
     * Creates a counter.
     *
     * @param progress who is told; null for nobody
     */
    TransferProgress(Progress progress) {
        this.progress = progress;
    }

    synchronized void begin(long bytes) {
        if (progress != null) {
            progress.reset("Downloading", bytes);
            progress.start(0);
        }
    }

    /** Adds bytes that are on the disk; a negative number where they were thrown away. */
    synchronized void add(long bytes) {
        done += bytes;
        if (progress != null && bytes != 0) {
            progress.update(done);
        }
    }

    synchronized void end() {
        if (progress != null) {
            progress.end();
        }
    }
}
