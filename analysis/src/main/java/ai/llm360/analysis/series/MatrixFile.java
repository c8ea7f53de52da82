package ai.llm360.analysis.series;

import ai.llm360.analysis.series.MemorizationMatrix.Head;
import ai.llm360.analysis.series.MemorizationMatrix.Row;
import ai.llm360.io.internal.PlainText;
import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The file of a memorization matrix, {@code docs/formats/memorization.md}: a line for what it is
 * of, and a line for each checkpoint. A line counts once it is whole.
 */
final class MatrixFile implements AutoCloseable {

    static final int FORMAT_VERSION = 1;

    /** A line of 360 chunks with 7 sources each has 0.3 MB. */
    private static final long MAX_BYTES = 1L << 30;

    private static final Gson GSON =
            new GsonBuilder()
                    .disableHtmlEscaping()
                    .serializeNulls()
                    .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
                    .create();

    private final Path file;
    private final FileChannel channel;
    private final Map<String, Row> rows = new LinkedHashMap<>();

    private MatrixFile(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Opens a file to continue it, or begins one.
     *
     * @throws IOException if it is of something else or damaged, or another process has it open
     */
    static MatrixFile open(Path file, Head head) throws IOException {
        FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
        MatrixFile opened = new MatrixFile(file, channel);
        try {
            opened.lock();
            opened.read(head);
            return opened;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private void lock() throws IOException {
        try {
            if (channel.tryLock() != null) {
                return;
            }
        } catch (OverlappingFileLockException e) {
            // told below
        }
        throw new IOException(file + " is being written by another process or thread");
    }

    private void read(Head head) throws IOException {
        if (channel.size() > MAX_BYTES) {
            throw new IOException(
                    "%s has %,d bytes; a file of results has at most %,d"
                            .formatted(file, channel.size(), MAX_BYTES));
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) channel.size());
        while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
            // until all is read
        }
        String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
        String whole = text.substring(0, text.lastIndexOf('\n') + 1); // a kill left half a line
        String own = GSON.toJson(head);
        if (whole.isEmpty()) {
            if (!own.startsWith(text.substring(0, Math.min(text.length(), own.length())))) {
                throw new IOException(file + " is no file of results; give another one");
            }
            channel.truncate(0);
            write(own);
            return;
        }
        String[] lines = whole.split("\n", -1);
        Head found = parse(lines[0], 1, Head.class);
        if (!found.equals(head)) {
            throw new IOException(
                    "%s is of other samples or settings: it has %s, and this would be %s; give another file"
                            .formatted(file, PlainText.shorten(lines[0]), PlainText.shorten(own)));
        }
        for (int i = 1; i < lines.length - 1; i++) {
            Row row = parse(lines[i], i + 1, Row.class);
            rows.put(row.checkpoint(), row);
        }
        channel.truncate(whole.getBytes(StandardCharsets.UTF_8).length);
        channel.position(channel.size());
    }

    private <T> T parse(String line, int number, Class<T> type) throws IOException {
        String problem = "empty";
        try {
            T parsed = GSON.fromJson(line, type);
            if (parsed != null) {
                return parsed;
            }
        } catch (JsonParseException e) {
            problem = PlainText.jsonProblem(e);
        } catch (RuntimeException e) { // Gson wraps what a record's constructor throws
            problem = "something is missing";
        }
        throw new IOException(
                "%s:%d: damaged: %s; mend or remove that line".formatted(file, number, problem));
    }

    /** {@return the rows that are there, by checkpoint} */
    Map<String, Row> rows() {
        return rows;
    }

    /** Appends a row, which is on disk when this returns. */
    void append(Row row) throws IOException {
        write(GSON.toJson(row));
    }

    private void write(String line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        channel.force(false);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
