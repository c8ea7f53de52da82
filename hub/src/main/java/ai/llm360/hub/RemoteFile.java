package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * A file on the Hub of which parts are read by ranges.
 *
 * <p>A checkpoint's file is described at its ends: safetensors at the head, a zip at the tail and,
 * by its pickle, at the head. So a small read there brings {@value #EDGE} bytes at once, which stay
 * in memory, and a small one elsewhere (a zip's local header) brings {@value #SCATTERED}. A larger
 * read brings what was asked for and no more.
 */
final class RemoteFile implements ByteSource {

    private static final int EDGE = 1 << 16;
    private static final int SCATTERED = 1 << 10;
    private static final int PASSES = 2;

    private final HubFile file;
    private final RangeReader reader;
    private final String what;
    private final int connections;
    private final int partBytes;
    private final boolean remembering;
    private final NavigableMap<Long, byte[]> blocks = new ConcurrentSkipListMap<>();
    private byte[] whole;

    /**
     * Creates a file.
     *
     * @param what the file's name in messages
     * @param remembering whether larger reads stay in memory too
     */
    RemoteFile(
            HubFile file,
            RangeReader reader,
            String what,
            int connections,
            int partBytes,
            boolean remembering) {
        this.file = file;
        this.reader = reader;
        this.what = what;
        this.connections = connections;
        this.partBytes = partBytes;
        this.remembering = remembering;
    }

    HubFile file() {
        return file;
    }

    String what() {
        return what;
    }

    /** Returns what has been read and kept, by its first byte. */
    NavigableMap<Long, byte[]> blocks() {
        return blocks;
    }

    @Override
    public long size() {
        return file.size();
    }

    @Override
    public int read(ByteBuffer dst, long position) throws IOException {
        if (position >= size()) {
            return -1;
        }
        int known = copy(dst, position);
        if (known > 0) {
            return known;
        }
        long tail = Math.max(size() - EDGE, 0);
        if (position < EDGE) {
            keep(0, Math.min(EDGE, size()));
        } else if (position >= tail) {
            keep(tail, size());
        } else if (dst.remaining() < SCATTERED) {
            keep(position, Math.min(position + SCATTERED, size()));
        } else {
            long end = Math.min(position + dst.remaining(), size());
            if (!remembering) {
                fetch(position, end, dst::put);
                return (int) (end - position);
            }
            keep(position, end);
        }
        return copy(dst, position);
    }

    private int copy(ByteBuffer dst, long position) {
        Map.Entry<Long, byte[]> block = blocks.floorEntry(position);
        if (block == null || position - block.getKey() >= block.getValue().length) {
            return 0;
        }
        int from = (int) (position - block.getKey());
        int count = Math.min(dst.remaining(), block.getValue().length - from);
        dst.put(block.getValue(), from, count);
        return count;
    }

    private void keep(long from, long to) throws IOException {
        ByteBuffer block = ByteBuffer.allocate((int) (to - from));
        fetch(from, to, block::put);
        blocks.put(from, block.array());
    }

    private void fetch(long from, long to, RangeReader.Sink sink) throws IOException {
        try {
            if (to - from > partBytes) {
                ahead(from, to).readAll(sink);
            } else {
                reader.readPart(from, to, sink);
            }
        } catch (RangeReader.RangesIgnoredException e) {
            throw new HubException(
                    Reason.REFUSED,
                    "%s: the server sends the whole file, %d bytes, where %d were asked for; a proxy may be the cause. Download the checkpoint instead"
                            .formatted(what, size(), to - from),
                    e);
        } catch (RangeReader.ChangedException e) {
            throw new HubException(Reason.DAMAGED, e.getMessage() + "; ask again", e);
        }
    }

    /** Reads on in several connections. */
    ParallelRanges ahead(long from, long to) {
        return new ParallelRanges(reader, connections, partBytes, from, to);
    }

    /** Returns all of the file, checked by its hash, from memory after the first time. */
    synchronized byte[] whole() throws IOException {
        if (whole == null) {
            whole = verified();
        }
        return whole;
    }

    private byte[] verified() throws IOException {
        for (int pass = 1; pass <= PASSES; pass++) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream((int) size());
            reader.readToEnd(0, bytes::write);
            byte[] all = bytes.toByteArray();
            BlobDigest digest = new BlobDigest(file);
            digest.update(all, 0, all.length);
            if (digest.matches()) {
                return all;
            }
        }
        throw new HubException(
                Reason.DAMAGED,
                "%s: its bytes don't have the hash that the Hub lists; ask again later"
                        .formatted(what));
    }
}
