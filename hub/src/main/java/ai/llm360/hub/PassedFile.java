package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;

/**
 * A file that is read once, front to back, through several connections. Whoever reads it may leave
 * parts out: they are hashed all the same. What was read ahead by ranges is compared with what
 * passes, since the hash says nothing of it.
 */
final class PassedFile implements ByteSource, Closeable {

    private final RemoteFile file;
    private final TransferProgress progress;
    private final BlobDigest digest;
    private final ParallelRanges ranges;
    private long at;

    PassedFile(RemoteFile file, TransferProgress progress) {
        this.file = file;
        this.progress = progress;
        digest = new BlobDigest(file.file());
        ranges = file.ahead(0, file.size());
    }

    @Override
    public long size() {
        return file.size();
    }

    /** Reads from where an earlier read ended, or from a later byte. */
    @Override
    public synchronized int read(ByteBuffer dst, long position) throws IOException {
        if (position >= size()) {
            return -1;
        }
        if (position < at) {
            throw new IllegalStateException(
                    "%s is read front to back: byte %d was asked for after byte %d"
                            .formatted(file.what(), position, at));
        }
        pass(position, (bytes, offset, count) -> {});
        int count = (int) Math.min(dst.remaining(), size() - position);
        pass(position + count, dst::put);
        return count;
    }

    private void pass(long to, RangeReader.Sink sink) throws IOException {
        try {
            while (at < to) {
                ranges.read(
                        to - at,
                        (bytes, offset, count) -> {
                            digest.update(bytes, offset, count);
                            compare(bytes, offset, count);
                            sink.write(bytes, offset, count);
                            at += count;
                            progress.at(file.file(), at);
                        });
            }
        } catch (RangeReader.ChangedException e) {
            throw damaged(e.getMessage());
        }
    }

    private void compare(byte[] bytes, int offset, int count) throws HubException {
        for (Map.Entry<Long, byte[]> block : file.blocks().headMap(at + count).entrySet()) {
            byte[] ahead = block.getValue();
            long from = Math.max(at, block.getKey());
            long to = Math.min(at + count, block.getKey() + ahead.length);
            if (from < to
                    && !Arrays.equals(
                            bytes,
                            (int) (offset + from - at),
                            (int) (offset + to - at),
                            ahead,
                            (int) (from - block.getKey()),
                            (int) (to - block.getKey()))) {
                throw damaged(
                        "bytes %d to %d came differently when they were asked for twice"
                                .formatted(from, to - 1));
            }
        }
    }

    /** Reads to the end, and checks the hash. */
    synchronized void finish() throws IOException {
        pass(size(), (bytes, offset, count) -> {});
        close();
        if (!digest.matches()) {
            throw damaged("its bytes don't have the hash that the Hub lists");
        }
    }

    private HubException damaged(String problem) {
        return new HubException(
                Reason.DAMAGED,
                "%s: %s; nothing of it is kept, so ask again later"
                        .formatted(file.what(), problem));
    }

    @Override
    public void close() {
        ranges.close();
    }
}
