package ai.llm360.hub;

/** Tells a listener one thing at a time, whatever thread it comes from. */
final class TransferProgress {

    private final TransferListener listener;

    TransferProgress(TransferListener listener) {
        this.listener = listener;
    }

    synchronized void begin(HubPlan plan) {
        listener.onBegin(plan);
    }

    /** Takes the bytes of a file that are on the disk. */
    synchronized void at(HubFile file, long bytes) {
        listener.onBytes(file, bytes);
    }

    synchronized void end(HubPlan plan) {
        listener.onEnd(plan);
    }
}
