package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import ai.llm360.io.internal.Workers;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * A file that grows at its end only, hashed as it grows. What is there of it is a beginning of the
 * whole, so its length is all there is to know for going on after a kill.
 *
 * <p>It is written at explicit positions and never truncated, only deleted: where locks don't work,
 * a second writer puts the same bytes at the same places, and can't harm a file that has got its
 * name meanwhile.
 */
final class PartialFile implements Closeable {

    private static final int BUFFER = 1 << 20;

    /** Below this, handing bytes to another thread takes longer than hashing them. */
    private static final int HASHED_BESIDE = 1 << 16;

    /**
     * The most bytes that wait to be forced to disk; every 64 MiB took more processor time, and no
     * less in all.
     */
    private static final long FORCED_BESIDE = 1L << 30;

    private final Path path;
    private final HubFile file;
    private final FileChannel channel;
    private final BlobDigest digest;
    private final Workers beside = new Workers("hub-download", 2);
    private Future<Void> forcing = CompletableFuture.completedFuture(null);
    private long forced;
    private long length;

    private PartialFile(Path path, HubFile file, FileChannel channel) {
        this.path = path;
        this.file = file;
        this.channel = channel;
        this.digest = new BlobDigest(file);
    }

    /** Opens a file, absent or begun, and hashes what there is of it. */
    static PartialFile open(Path path, HubFile file) throws IOException {
        boolean tooLong = Files.exists(path) && Files.size(path) > file.size();
        if (tooLong || Files.isSymbolicLink(path)) {
            Files.delete(path);
        }
        FileChannel channel =
                FileChannel.open(
                        path,
                        Set.of(
                                StandardOpenOption.CREATE,
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE,
                                LinkOption.NOFOLLOW_LINKS));
        PartialFile partial = new PartialFile(path, file, channel);
        try {
            partial.hashWhatIsThere();
            return partial;
        } catch (IOException | RuntimeException e) {
            partial.close();
            throw e;
        }
    }

    private void hashWhatIsThere() throws IOException {
        byte[] buffer = new byte[BUFFER];
        int read = channel.read(ByteBuffer.wrap(buffer), length);
        while (read > 0) {
            digest.update(buffer, 0, read);
            length += read;
            read = channel.read(ByteBuffer.wrap(buffer), length);
        }
        forced = length;
    }

    long length() {
        return length;
    }

    /** Appends bytes: they are written by this thread and hashed by another at the same time. */
    void append(byte[] bytes, int offset, int count) throws IOException {
        if (count < HASHED_BESIDE) {
            digest.update(bytes, offset, count);
            write(bytes, offset, count);
        } else {
            Future<Void> hashing =
                    beside.submit(
                            () -> {
                                digest.update(bytes, offset, count);
                                return null;
                            });
            write(bytes, offset, count);
            Workers.await(hashing);
        }
        length += count;
        if (length - forced >= FORCED_BESIDE && forcing.isDone()) {
            awaitForcing();
            forced = length;
            forcing =
                    beside.submit(
                            () -> {
                                channel.force(false);
                                return null;
                            });
        }
    }

    private void write(byte[] bytes, int offset, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, count);
        try {
            while (buffer.hasRemaining()) {
                channel.write(buffer, length + buffer.position() - offset);
            }
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw cannotWrite(e);
        }
    }

    /** The system tells a failure to bring bytes to the disk once only, so each is asked for. */
    private void awaitForcing() throws IOException {
        try {
            Workers.await(forcing);
        } catch (InterruptedIOException | ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw cannotWrite(e);
        }
    }

    private HubException cannotWrite(IOException e) {
        return new HubException(
                Reason.NO_SPACE,
                "%s can't be written at byte %d of %d (%s); free some space and ask again: what is there is kept"
                        .formatted(path, length, file.size(), e.getMessage()),
                e);
    }

    /**
     * Gives the file its name, if its bytes are those that the Hub lists; else removes it.
     *
     * @return whether they are
     */
    boolean publish(Path blob) throws IOException {
        boolean whole = channel.size() == file.size() && digest.matches();
        if (whole) {
            awaitForcing();
            channel.force(true);
            Files.move(path, blob, StandardCopyOption.ATOMIC_MOVE);
        } else {
            discard();
        }
        return whole;
    }

    /** Removes the file. */
    void discard() throws IOException {
        Files.deleteIfExists(path);
    }

    @Override
    public void close() throws IOException {
        beside.close();
        channel.close();
    }
}
