package ai.llm360.common.run;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A file that grows by whole records, each written at once, so that nothing of it is lost when the
 * process is killed. As a rule they are JSON objects, one a line, each with a {@code step} that
 * never falls.
 */
class LogFile implements AutoCloseable {

    private final Path file;
    private final FileChannel channel;

    LogFile(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Opens a log, made if absent, and drops its lines past a step. */
    static LogFile open(Path file, long step) throws IOException {
        try {
            long keep = Files.exists(file) ? end(file, step) : 0;
            FileChannel channel =
                    FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                channel.truncate(keep);
                channel.position(keep);
                return new LogFile(file, channel);
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw RunException.explain(file, "can't be opened", e, "see that it can be written");
        }
    }

    /** The bytes up to the first line past the step, or the half line at the end. */
    private static long end(Path file, long step) throws IOException {
        try (Lines lines = new Lines(file)) {
            long end = 0;
            String bad = null;
            for (String line = lines.next(); line != null; line = lines.next()) {
                try {
                    if (JsonText.integer(JsonText.object(line), "step") > step) {
                        break;
                    }
                } catch (JsonParseException e) {
                    // What a power cut leaves at the end is no loss; before other lines it is.
                    bad = bad == null ? lines.problem(e) : bad;
                    continue;
                }
                if (bad != null) {
                    throw new RunException(file, bad + "; mend or remove that line");
                }
                end = lines.end;
            }
            return end;
        }
    }

    static <T> List<T> read(Path file, Function<JsonObject, T> parse) throws IOException {
        try (Lines lines = new Lines(file)) {
            List<T> all = new ArrayList<>();
            for (String line = lines.next(); line != null; line = lines.next()) {
                try {
                    all.add(parse.apply(JsonText.object(line)));
                } catch (JsonParseException e) {
                    throw new RunException(file, lines.problem(e), e);
                }
            }
            return all;
        }
    }

    final void append(String line) throws IOException {
        append(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
    }

    /** Appends a record, or leaves nothing of it. */
    final void append(ByteBuffer bytes) throws IOException {
        long start = channel.position();
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            if (channel.isOpen()) {
                channel.truncate(start);
            }
            throw RunException.explain(
                    file, "can't be written", e, "free some space, then continue with --resume");
        }
    }

    final void force() throws IOException {
        channel.force(false);
    }

    @Override
    public final void close() throws IOException {
        channel.close();
    }

    /** The terminated lines of a file, and where each ends. */
    private static final class Lines implements AutoCloseable {

        private final InputStream in;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();
        private long at;
        private long number;
        private long end;

        Lines(Path file) throws IOException {
            in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        }

        /** Returns the next line, or null at the end or where only a half line is left. */
        String next() throws IOException {
            line.reset();
            for (int b = in.read(); b >= 0; b = in.read()) {
                at++;
                if (b == '\n') {
                    number++;
                    end = at;
                    return line.toString(StandardCharsets.UTF_8);
                }
                line.write(b);
            }
            return null;
        }

        String problem(JsonParseException e) {
            return "line " + number + " is damaged: " + e.getMessage();
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
