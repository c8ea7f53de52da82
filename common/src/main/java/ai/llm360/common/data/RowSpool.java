package ai.llm360.common.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A source's ids on their way to rows: one after another in a temporary file, as the number of rows
 * is known only at the end.
 *
 * <p>Rows are runs of this stream, documents on end, that don't overlap: Amber's packing ({@code
 * convert_dataset_hf_refinedpajama_json.py}); or whose first id is the last one of the row before:
 * CrystalCoder's. What is left after the last whole row is dropped.
 */
final class RowSpool implements AutoCloseable {

    private static final int BUFFER_BYTES = 1 << 18;

    /** Marks an id whose prediction doesn't count; ids are never negative. */
    private static final int UNCOUNTED = 1 << 31;

    private final Path file;
    private final int rowLength;
    private final int overlap;
    private final FileChannel channel;
    private final ByteBuffer buffer;
    private long documents;
    private long tokens;
    private boolean masked;
    private boolean whole;

    RowSpool(Path file, int rowLength, int overlap) throws IOException {
        this.file = file;
        this.rowLength = rowLength;
        this.overlap = overlap;
        buffer =
                ByteBuffer.allocate(Math.max(BUFFER_BYTES, rowLength * Integer.BYTES))
                        .order(ByteOrder.LITTLE_ENDIAN);
        channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
    }

    /** Appends the ids of a document between the tokens that begin, if there is one, and end it. */
    void addDocument(RecipeVocabulary vocabulary, int[] ids) throws IOException {
        if (vocabulary.beginToken().isPresent()) {
            addId(vocabulary.beginToken().getAsInt());
        }
        for (int id : ids) {
            addId(id);
        }
        addId(vocabulary.endToken());
        documents++;
    }

    /** Appends a ready row; without a mask, all its predictions count. */
    void addRow(int[] ids, float[] mask) throws IOException {
        addId(ids[0]);
        for (int i = 1; i < ids.length; i++) {
            boolean counts = mask == null || mask[i - 1] != 0;
            addId(counts ? ids[i] : ids[i] | UNCOUNTED);
            masked |= !counts;
        }
    }

    private void addId(int id) throws IOException {
        if (buffer.remaining() < Integer.BYTES) {
            RowWriter.write(file, channel, buffer.flip());
        }
        buffer.putInt(id);
        tokens++;
    }

    long documents() {
        return documents;
    }

    long tokens() {
        return tokens;
    }

    long rows() {
        return Math.max(0, tokens - overlap) / (rowLength - overlap);
    }

    /** Tells whether some prediction doesn't count. */
    boolean masked() {
        return masked;
    }

    /** Takes rows as they are read back; the arrays are used again for the next one. */
    interface Sink {
        void accept(long row, long[] ids, float[] mask) throws IOException;
    }

    /** Reads all rows in order, as often as wanted; nothing can be added after that. */
    void forEachRow(Sink sink) throws IOException {
        if (!whole) {
            RowWriter.write(file, channel, buffer.flip());
            whole = true;
        }
        long[] ids = new long[rowLength];
        float[] mask = new float[rowLength - 1];
        ByteBuffer row = buffer.limit(rowLength * Integer.BYTES);
        for (long i = 0; i < rows(); i++) {
            channel.position(i * (rowLength - overlap) * Integer.BYTES);
            row.rewind();
            while (row.hasRemaining()) {
                if (channel.read(row) < 0) {
                    throw new DataException(file, "became shorter while it was read");
                }
            }
            for (int k = 0; k < rowLength; k++) {
                int id = row.getInt(k * Integer.BYTES);
                ids[k] = id & ~UNCOUNTED;
                if (k > 0) {
                    mask[k - 1] = id < 0 ? 0 : 1;
                }
            }
            sink.accept(i, ids, mask);
        }
    }

    /** Removes the file. */
    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(file);
    }
}
