package ai.llm360.common.data;

import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A file of token rows, memory-mapped. May be read from several threads at once.
 *
 * <p>{@code docs/formats/data.md} specifies the file. Rows count from 0; a closed chunk throws
 * {@link IllegalStateException}.
 */
public final class TokenChunk implements AutoCloseable {

    /** Java maps at most 2 GiB at once, so a file is mapped in runs of whole rows. */
    private static final int MAX_WINDOW_BYTES = 1 << 30;

    private final Path file;
    private final RowHeader header;
    private final int rowsPerWindow;
    private final ByteBuffer[] windows;
    private final ByteBuffer sources;
    private volatile boolean closed;

    private TokenChunk(Path file, FileChannel channel, int maxWindowBytes) throws IOException {
        this.file = file;
        RowHeader.Read read = RowHeader.read(file, channel);
        header = read.header();
        rowsPerWindow = Math.max(1, maxWindowBytes / header.rowBytes());
        windows = new ByteBuffer[(int) ((header.rows() + rowsPerWindow - 1) / rowsPerWindow)];
        for (int i = 0; i < windows.length; i++) {
            long first = (long) i * rowsPerWindow;
            long rows = Math.min(rowsPerWindow, header.rows() - first);
            windows[i] =
                    map(
                            channel,
                            read.bytes() + first * header.rowBytes(),
                            rows * header.rowBytes());
        }
        sources = map(channel, header.sourcesAt(read.bytes()), header.rows() * Short.BYTES);
    }

    private static ByteBuffer map(FileChannel channel, long at, long bytes) throws IOException {
        return channel.map(FileChannel.MapMode.READ_ONLY, at, bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Opens a file and verifies the checksum at its end, for which it is read once.
     *
     * @throws DataException if the file isn't of this format, is damaged or of an unknown version
     */
    public static TokenChunk open(Path file) throws IOException {
        TokenChunk chunk = map(file, MAX_WINDOW_BYTES);
        chunk.verifyChecksum();
        return chunk;
    }

    /** Opens a file whose SHA-256 is known, and compares that. */
    static TokenChunk open(Path file, String sha256) throws IOException {
        TokenChunk chunk = map(file, MAX_WINDOW_BYTES);
        String found = Hashes.sha256(file);
        if (!found.equals(sha256)) {
            throw new DataException(
                    file,
                    "damaged or replaced: its SHA-256 is %s, the manifest says %s; copy the file"
                                    .formatted(found, sha256)
                            + " again or prepare the data set anew");
        }
        return chunk;
    }

    /** Opens a file without verifying it. */
    static TokenChunk map(Path file) throws IOException {
        return map(file, MAX_WINDOW_BYTES);
    }

    static TokenChunk map(Path file, int maxWindowBytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return new TokenChunk(file, channel, maxWindowBytes);
        }
    }

    private void verifyChecksum() throws IOException {
        CRC32C checksum = new CRC32C();
        byte[] buffer = new byte[1 << 18];
        long left = Files.size(file) - RowHeader.CHECKSUM_BYTES;
        try (InputStream in = Files.newInputStream(file)) {
            while (left > 0) {
                int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                if (read < 0) {
                    throw new DataException(file, "became shorter while it was read");
                }
                checksum.update(buffer, 0, read);
                left -= read;
            }
            int expected =
                    ByteBuffer.wrap(in.readNBytes(RowHeader.CHECKSUM_BYTES))
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .getInt();
            if ((int) checksum.getValue() != expected) {
                throw new DataException(
                        file,
                        "damaged: its CRC-32C is %08x, its end says %08x; copy the file again or"
                                        .formatted((int) checksum.getValue(), expected)
                                + " prepare the data set anew");
            }
        }
    }

    /** {@return the file} */
    public Path file() {
        return file;
    }

    /** {@return the number of rows} */
    public long rows() {
        return header.rows();
    }

    /** {@return the ids of a row, T+1: a model's inputs and the id after the last of them} */
    public int rowLength() {
        return header.rowLength();
    }

    /** {@return the size of the vocabulary; every id is below it} */
    public int vocabularySize() {
        return header.vocabularySize();
    }

    /** {@return the names of the sources that rows come from; a source may have no row here} */
    public List<String> sources() {
        return header.sources();
    }

    /**
     * Reads a row.
     *
     * @param row the row's number, from 0
     * @param into gets the ids
     * @param offset where in {@code into} the first id goes
     * @throws IndexOutOfBoundsException if there is no such row, or {@code into} is too short
     */
    public void read(long row, long[] into, int offset) {
        checkRow(row);
        ByteBuffer window = windows[(int) (row / rowsPerWindow)];
        int at = (int) (row % rowsPerWindow) * header.rowBytes();
        for (int i = 0; i < header.rowLength(); i++) {
            into[offset + i] =
                    header.idBytes() == Short.BYTES
                            ? Short.toUnsignedLong(window.getShort(at + i * Short.BYTES))
                            : window.getInt(at + i * Integer.BYTES);
        }
    }

    /** {@return whether rows say which of their predictions count} Without masks all do. */
    public boolean hasMask() {
        return header.masked();
    }

    /**
     * Reads a row's mask: whether the prediction of the id at t+1 from the ids up to t counts.
     *
     * @param into gets T values, 1 where a prediction counts and 0 where it doesn't; all 1 if the
     *     file has no masks
     * @param offset where in {@code into} the first value goes
     */
    public void readMask(long row, float[] into, int offset) {
        checkRow(row);
        int predictions = header.rowLength() - 1;
        if (!header.masked()) {
            Arrays.fill(into, offset, offset + predictions, 1);
            return;
        }
        ByteBuffer window = windows[(int) (row / rowsPerWindow)];
        int at = (int) (row % rowsPerWindow) * header.rowBytes() + header.maskAt();
        for (int t = 0; t < predictions; t++) {
            into[offset + t] = window.get(at + t / Byte.SIZE) >> (t % Byte.SIZE) & 1;
        }
    }

    /** {@return the name of the source that a row came from} */
    public String source(long row) {
        return header.sources().get(sourceIndex(row));
    }

    int sourceIndex(long row) {
        checkRow(row);
        return Short.toUnsignedInt(sources.getShort((int) row * Short.BYTES));
    }

    private void checkRow(long row) {
        if (closed) {
            throw new IllegalStateException(file + " is closed");
        }
        if (row < 0 || row >= header.rows()) {
            throw new IndexOutOfBoundsException(
                    "%s: no row %d: there are %d, from 0".formatted(file, row, header.rows()));
        }
    }

    /** Ends reading. The system takes the mapping back with the object, as Java can't before. */
    @Override
    public void close() {
        closed = true;
    }
}
