package ai.llm360.common.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;

/**
 * The beginning of a file of token rows; {@code docs/formats/data.md} specifies it.
 *
 * @param rowLength the ids of a row
 * @param rows the rows of the file
 * @param vocabularySize every id is below it
 * @param sources the names that the rows' source numbers stand for
 * @param masked whether each row carries a mask
 */
record RowHeader(
        int rowLength, long rows, int vocabularySize, List<String> sources, boolean masked) {

    /** Files without masks stay what they were before there were any. */
    private static final int VERSION = 1;

    private static final int MASKED_VERSION = 2;

    static final int MAX_SOURCES = 1 << 16;

    /** A row's ids then are at most 256 MiB, and a chunk's source numbers fit into one mapping. */
    static final int MAX_ROW_LENGTH = 1 << 26;

    static final long MAX_ROWS = 1_000_000_000L;
    static final int CHECKSUM_BYTES = Integer.BYTES;

    private static final byte[] MAGIC = "LLM360TR".getBytes(StandardCharsets.US_ASCII);
    private static final int FIXED_BYTES = 40;
    private static final int MAX_BYTES = 1 << 26;

    RowHeader {
        sources = List.copyOf(sources);
        require(rowLength >= 2 && rowLength <= MAX_ROW_LENGTH, "row length", rowLength);
        require(rows >= 0 && rows <= MAX_ROWS, "number of rows", rows);
        require(vocabularySize >= 1, "vocabulary size", vocabularySize);
        require(
                !sources.isEmpty() && sources.size() <= MAX_SOURCES,
                "number of sources",
                sources.size());
        require(new HashSet<>(sources).size() == sources.size(), "list of sources", sources);
    }

    private static void require(boolean holds, String what, Object value) {
        if (!holds) {
            throw new IllegalArgumentException("impossible " + what + " " + value);
        }
    }

    /** Two bytes where every id fits in them. */
    int idBytes() {
        return vocabularySize <= 1 << 16 ? Short.BYTES : Integer.BYTES;
    }

    /** Returns the offset of the mask in a row. */
    int maskAt() {
        return rowLength * idBytes();
    }

    /** The bytes of a row's mask, of a bit for each prediction. */
    private int maskBytes() {
        return masked ? (rowLength - 1 + Byte.SIZE - 1) / Byte.SIZE : 0;
    }

    int rowBytes() {
        return maskAt() + maskBytes();
    }

    /** Returns the offset of the rows' source numbers, of two bytes each. */
    long sourcesAt(int headerBytes) {
        return headerBytes + rows * rowBytes();
    }

    long fileBytes(int headerBytes) {
        return sourcesAt(headerBytes) + rows * Short.BYTES + CHECKSUM_BYTES;
    }

    byte[] toBytes() {
        ByteArrayOutputStream names = new ByteArrayOutputStream();
        for (String source : sources) {
            byte[] name = source.getBytes(StandardCharsets.UTF_8);
            names.writeBytes(little(Short.BYTES).putShort((short) name.length).array());
            names.writeBytes(name);
        }
        int bytes = (FIXED_BYTES + names.size() + 7) / 8 * 8;
        return little(bytes)
                .put(MAGIC)
                .putInt(masked ? MASKED_VERSION : VERSION)
                .putInt(bytes)
                .putLong(rows)
                .putInt(rowLength)
                .putInt(vocabularySize)
                .putInt(idBytes())
                .putInt(sources.size())
                .put(names.toByteArray())
                .array();
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A header as read, and its length in the file. */
    record Read(RowHeader header, int bytes) {}

    static Read read(Path file, FileChannel channel) throws IOException {
        ByteBuffer fixed = little(FIXED_BYTES);
        fill(file, channel, fixed);
        byte[] magic = new byte[MAGIC.length];
        fixed.get(magic);
        if (!Arrays.equals(magic, MAGIC)) {
            throw new DataException(
                    file, "not a file of token rows: it should begin with the bytes LLM360TR");
        }
        int version = fixed.getInt();
        if (version != VERSION && version != MASKED_VERSION) {
            throw new DataException(
                    file,
                    "version %d of the format; this program reads versions %d and %d"
                            .formatted(version, VERSION, MASKED_VERSION));
        }
        int bytes = fixed.getInt();
        if (bytes < FIXED_BYTES || bytes > MAX_BYTES) {
            throw new DataException(file, "damaged: a header of " + bytes + " bytes");
        }
        ByteBuffer whole = little(bytes);
        fill(file, channel, whole);
        RowHeader header;
        try {
            header = parse(whole.position(16), version == MASKED_VERSION);
        } catch (BufferUnderflowException e) {
            throw new DataException(file, "damaged: its sources' names go past its header", e);
        } catch (IllegalArgumentException e) {
            throw new DataException(file, "damaged: " + e.getMessage(), e);
        }
        if (channel.size() != header.fileBytes(bytes)) {
            throw new DataException(
                    file,
                    "%d bytes long, but its header means %d: cut off or damaged; make it again"
                            .formatted(channel.size(), header.fileBytes(bytes)));
        }
        return new Read(header, bytes);
    }

    private static RowHeader parse(ByteBuffer in, boolean masked) {
        long rows = in.getLong();
        int rowLength = in.getInt();
        int vocabularySize = in.getInt();
        int idBytes = in.getInt();
        int count = in.getInt();
        require(count >= 1 && count <= MAX_SOURCES, "number of sources", count);
        List<String> sources = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] name = new byte[Short.toUnsignedInt(in.getShort())];
            in.get(name);
            sources.add(new String(name, StandardCharsets.UTF_8));
        }
        RowHeader header = new RowHeader(rowLength, rows, vocabularySize, sources, masked);
        require(header.idBytes() == idBytes, "id of bytes", idBytes);
        return header;
    }

    private static void fill(Path file, FileChannel channel, ByteBuffer into) throws IOException {
        while (into.hasRemaining()) {
            if (channel.read(into, into.position()) < 0) {
                throw new DataException(
                        file, "cut off in its header, after " + channel.size() + " bytes");
            }
        }
        into.flip();
    }
}
