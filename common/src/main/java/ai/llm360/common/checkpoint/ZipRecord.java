package ai.llm360.common.checkpoint;

import ai.llm360.io.internal.PlainText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;

/**
 * A record of a torch zip: what the zip's directory says of it, checked against its local header,
 * which alone says where its bytes begin. A range is trusted only if both agree.
 *
 * <p>Until the local header has been looked at, {@link #offset()} is the least that it can be.
 */
final class ZipRecord {

    private static final int LOCAL_SIGNATURE = 0x04034b50;
    private static final int LOCAL_BYTES = 30;
    private static final int FLAG_ENCRYPTED = 1;
    private static final int FLAG_DATA_DESCRIPTOR = 8;
    private static final long ZIP64 = 0xFFFFFFFFL;

    private final Path file;
    private final ZipArchiveEntry entry;
    private final long fileSize;
    private final long leastOffset;
    private long limit;
    private long offset;
    private boolean located;

    ZipRecord(Path file, ZipArchiveEntry entry, long fileSize) {
        this.file = file;
        this.entry = entry;
        this.fileSize = fileSize;
        leastOffset =
                header() + LOCAL_BYTES + entry.getName().getBytes(StandardCharsets.UTF_8).length;
        limit = fileSize;
        offset = leastOffset;
    }

    String name() {
        return entry.getName();
    }

    /** Returns the offset of its local header. */
    long header() {
        return entry.getLocalHeaderOffset();
    }

    long size() {
        return entry.getSize();
    }

    /** Returns the offset of its bytes, or a lower bound of it. */
    synchronized long offset() {
        return offset;
    }

    /** Says where the next record's header begins, which this one's bytes must not reach. */
    void endsBefore(long nextHeader) {
        limit = nextHeader;
    }

    /** Checks what the zip's directory says by itself. */
    void checkDirectory() throws CheckpointException {
        require(
                header() >= 0 && header() <= fileSize - LOCAL_BYTES,
                "has its header at byte " + header() + ", outside the file");
        checkStored(entry.getRawFlag(), entry.getMethod());
        require(size() == entry.getCompressedSize(), "is stored, but its sizes differ");
        checkEnd(leastOffset, fileSize);
    }

    /** Looks at the local header, unless that has been done. */
    synchronized void locate(FileChannel channel) throws IOException {
        if (located) {
            return;
        }
        long at = header();
        ByteBuffer local = ByteBuffer.allocate(LOCAL_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        ShardReader.readFully(channel, at, local, file);
        int flags = local.getShort(6) & 0xFFFF;
        int nameBytes = local.getShort(26) & 0xFFFF;
        int extraBytes = local.getShort(28) & 0xFFFF;
        require(local.getInt(0) == LOCAL_SIGNATURE, "has no local header at byte " + at);
        checkStored(flags, local.getShort(8));
        long data = at + LOCAL_BYTES + nameBytes + extraBytes;
        checkEnd(data, fileSize);
        byte[] localName = new byte[nameBytes];
        ShardReader.readFully(channel, at + LOCAL_BYTES, ByteBuffer.wrap(localName), file);
        require(
                new String(localName, StandardCharsets.UTF_8).equals(name()),
                "has another name in its local header");
        require(
                sameSize(local.getInt(18) & ZIP64, flags)
                        && sameSize(local.getInt(22) & ZIP64, flags),
                "has another size in its local header");
        require(size() <= limit - data, "overlaps the entry after it");
        offset = data;
        located = true;
    }

    /** Returns a tensor of this record with the place that the local header gives it. */
    TensorInfo placed(TensorInfo tensor, FileChannel channel) throws IOException {
        locate(channel);
        long shift = offset() - leastOffset;
        return new TensorInfo(
                tensor.name(),
                tensor.type(),
                tensor.shape(),
                tensor.file(),
                tensor.offset() + shift,
                tensor.strides());
    }

    private void checkStored(int flags, int method) throws CheckpointException {
        require(
                (flags & FLAG_ENCRYPTED) == 0,
                "is encrypted; torch never encrypts: save the model again");
        require(
                method == ZipArchiveEntry.STORED,
                "is compressed; torch stores its records: unpack and save the model again");
    }

    private void checkEnd(long data, long end) throws CheckpointException {
        require(
                size() >= 0 && size() <= end - data,
                "of " + size() + " bytes at byte " + data + " ends beyond the file's end");
    }

    /** Torch's zips leave a local size 0 behind the data-descriptor flag, or ~0 for zip64. */
    private boolean sameSize(long local, int flags) {
        return local == size()
                || local == ZIP64
                || (local == 0 && (flags & FLAG_DATA_DESCRIPTOR) != 0);
    }

    void require(boolean holds, String problem) throws CheckpointException {
        if (!holds) {
            throw new CheckpointException(
                    file, "zip entry " + PlainText.quote(name()) + " " + problem);
        }
    }
}
