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
 * <p>Rows are runs of this stream that don't overlap, documents on end: Amber's packing ({@code
 * convert_dataset_hf_refinedpajama_json.py}). What is left after the last whole row is dropped.
 */
final class RowSpool implements AutoCloseable {

    private static final int BUFFER_BYTES = 1 << 18;

    private final Path file;
    private final int rowLength;
    private final FileChannel channel;
    private final ByteBuffer buffer;
    private long documents;
    private long tokens;

    RowSpool(Path file, int rowLength) throws IOException {
        this.file = file;
        this.rowLength = rowLength;
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

    /** Appends the ids of a document and the token that ends it. */
    void addDocument(int[] ids, int endToken) throws IOException {
        addIds(ids);
        addId(endToken);
        documents++;
    }

    void addIds(int[] ids) throws IOException {
        for (int id : ids) {
            addId(id);
        }
    }

    private void addId(int id) throws IOException {
        if (buffer.remaining() < Integer.BYTES) {
            flush();
        }
        buffer.putInt(id);
        tokens++;
    }

    private void flush() throws IOException {
        buffer.flip();
        try {
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        } catch (IOException e) {
            throw DataException.writing(file, e);
        }
        buffer.clear();
    }

    long documents() {
        return documents;
    }

    long tokens() {
        return tokens;
    }

    long rows() {
        return tokens / rowLength;
    }

    /** Takes rows as they are read back. */
    interface Sink {
        void accept(long row, long[] ids) throws IOException;
    }

    /** Reads all rows in order; nothing can be added after that. */
    void forEachRow(Sink sink) throws IOException {
        flush();
        long[] ids = new long[rowLength];
        ByteBuffer row = buffer.limit(rowLength * Integer.BYTES);
        channel.position(0);
        for (long i = 0; i < rows(); i++) {
            row.rewind();
            while (row.hasRemaining()) {
                if (channel.read(row) < 0) {
                    throw new DataException(file, "became shorter while it was read");
                }
            }
            for (int k = 0; k < rowLength; k++) {
                ids[k] = row.getInt(k * Integer.BYTES);
            }
            sink.accept(i, ids);
        }
    }

    /** Removes the file. */
    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(file);
    }
}
