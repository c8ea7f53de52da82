package ai.llm360.common.data;

import ai.llm360.common.data.DataManifest.RowFile;
import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.zip.CRC32C;

/** Writes a file of token rows from its first byte to its last, whose number is known before. */
final class RowWriter implements AutoCloseable {

    private static final int BUFFER_BYTES = 1 << 18;

    private final Path file;
    private final RowHeader header;
    private final FileChannel channel;
    private final MessageDigest sha256 = Hashes.sha256();
    private final CRC32C checksum = new CRC32C();
    private final ByteBuffer buffer;
    private final short[] sources;
    private int rows;

    /** Writes the rows of a file. */
    interface Rows {
        void writeTo(RowWriter writer) throws IOException;
    }

    /** Writes a whole file below a data set's directory. */
    static RowFile write(Path directory, String file, RowHeader header, Rows rows)
            throws IOException {
        try (RowWriter writer = new RowWriter(directory.resolve(file), header)) {
            rows.writeTo(writer);
            return new RowFile(file, header.rows(), writer.finish());
        }
    }

    RowWriter(Path file, RowHeader header) throws IOException {
        this.file = file;
        this.header = header;
        sources = new short[Math.toIntExact(header.rows())];
        buffer =
                ByteBuffer.allocate(Math.max(BUFFER_BYTES, header.rowBytes()))
                        .order(ByteOrder.LITTLE_ENDIAN);
        channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        try {
            for (byte b : header.toBytes()) {
                room(1).put(b);
            }
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Writes the next row; its mask isn't read if the header has none. */
    void write(int source, long[] ids, float[] mask) throws IOException {
        room(header.rowBytes());
        for (long id : ids) {
            if (id < 0 || id >= header.vocabularySize()) {
                throw new DataException(
                        file,
                        "id %d in row %d, outside the vocabulary of %d; give the vocabulary's true"
                                        .formatted(id, rows, header.vocabularySize())
                                + " size or another tokenizer");
            }
            if (header.idBytes() == Short.BYTES) {
                buffer.putShort((short) id);
            } else {
                buffer.putInt((int) id);
            }
        }
        if (header.masked()) {
            putMask(mask);
        }
        sources[rows++] = (short) source;
    }

    private void putMask(float[] mask) {
        for (int first = 0; first < mask.length; first += Byte.SIZE) {
            int bits = 0;
            for (int t = first; t < Math.min(first + Byte.SIZE, mask.length); t++) {
                bits |= mask[t] == 0 ? 0 : 1 << (t - first);
            }
            buffer.put((byte) bits);
        }
    }

    private ByteBuffer room(int bytes) throws IOException {
        if (buffer.remaining() < bytes) {
            flush();
        }
        return buffer;
    }

    private void flush() throws IOException {
        buffer.flip();
        checksum.update(buffer.duplicate());
        sha256.update(buffer.duplicate());
        write(file, channel, buffer);
    }

    /** Writes what a buffer holds, and clears it. */
    static void write(Path file, FileChannel channel, ByteBuffer buffer) throws IOException {
        try {
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        } catch (IOException e) {
            throw DataException.writing(file, e);
        }
        buffer.clear();
    }

    /** Writes the file's end, forces all to the disk and returns the file's SHA-256. */
    String finish() throws IOException {
        if (rows != sources.length) {
            throw new IllegalStateException(
                    "%s: %d rows of %d written".formatted(file, rows, sources.length));
        }
        for (short source : sources) {
            room(Short.BYTES).putShort(source);
        }
        flush();
        buffer.putInt((int) checksum.getValue());
        flush();
        channel.force(true);
        return Hashes.hex(sha256);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
