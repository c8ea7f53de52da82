package ai.llm360.hub;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Large files of a commit that are read once, each front to back, without being stored, and are
 * checked by their hashes as a download is.
 *
 * <p>Until {@link #begin}, parts of files may be read in any order, to find out what is in them.
 * From then on, a file that is opened must be read front to back, one file after the other. What is
 * made of the bytes must not be used before {@link #finish} has returned. A broken connection is
 * taken up where it broke; a killed process starts again.
 */
public final class HubPass implements Closeable {

    private final RemoteSnapshot remote;
    private final List<RemoteFile> ahead = new ArrayList<>();
    private final List<HubFile> passed = new ArrayList<>();
    private TransferProgress progress;
    private PassedFile current;

    HubPass(RemoteSnapshot remote) {
        this.remote = remote;
        remote.setParts(this::open);
    }

    /** {@return the commit, whose files this reads} */
    public RemoteSnapshot remote() {
        return remote;
    }

    /**
     * {@return what the Hub lists of a file}
     *
     * @param path a path below the commit's root
     * @throws IllegalArgumentException if there is no such file
     */
    public HubFile file(Path path) {
        String name = ((RemotePath) path).inRepository();
        return remote.files().stream()
                .filter(file -> file.path().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no file " + path));
    }

    /**
     * Ends the reading in any order. Of each file that was opened until now, every byte is read
     * from here on.
     *
     * @param listener is told of bytes read
     */
    public synchronized void begin(TransferListener listener) {
        progress = new TransferProgress(listener);
        progress.begin(plan());
        ahead.forEach(file -> progress.at(file.file(), 0));
    }

    private HubPlan plan() {
        List<HubFile> wanted = ahead.stream().map(RemoteFile::file).toList();
        return new HubPlan(
                remote.repository(), remote.commit(), remote.commit(), wanted, wanted, Map.of());
    }

    private synchronized ByteSource open(RemoteFile file) throws IOException {
        if (progress == null) {
            if (!ahead.contains(file)) {
                ahead.add(file);
            }
            return file;
        }
        if (passed.contains(file.file())) {
            throw new IllegalStateException(file.what() + " has passed by already");
        }
        finishCurrent();
        passed.add(file.file());
        current = new PassedFile(file, progress);
        return current;
    }

    private void finishCurrent() throws IOException {
        if (current != null) {
            current.finish();
            current = null;
        }
    }

    /**
     * Reads what nobody has asked for, and checks the hashes.
     *
     * @throws HubException if a file isn't what the Hub lists
     */
    public synchronized void finish() throws IOException {
        finishCurrent();
        for (RemoteFile file : ahead) {
            if (!passed.contains(file.file())) {
                open(file);
                finishCurrent();
            }
        }
        progress.end(plan());
    }

    /** Ends the connections. */
    @Override
    public synchronized void close() {
        if (current != null) {
            current.close();
        }
    }
}
