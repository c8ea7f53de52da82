package ai.llm360.common.run;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * One of TensorBoard's event files: TFRecords of {@code tensorflow.Event} (event.proto).
 *
 * <p>Each process that writes the run makes a new one, which begins with a {@code SessionLog.START}
 * at the first step to come: TensorBoard then drops what older files say of that step and later
 * ones.
 */
final class EventFile extends LogFile {

    private static final String PREFIX = "events.out.tfevents.";
    private static final String VERSION = "brain.Event:2";
    private static final int CRC_MASK = 0xa282ead8;

    // Field numbers of event.proto and summary.proto.
    private static final int WALL_TIME = 1;
    private static final int STEP = 2;
    private static final int FILE_VERSION = 3;
    private static final int SUMMARY = 5;
    private static final int SESSION_LOG = 7;
    private static final int SUMMARY_VALUE = 1;
    private static final int TAG = 1;
    private static final int SIMPLE_VALUE = 2;
    private static final int STATUS = 1;
    private static final int START = 1;

    private EventFile(Path file, FileChannel channel) {
        super(file, channel);
    }

    /** Begins a file for the steps after the given one. */
    static EventFile create(Path run, long step) throws IOException {
        Instant now = Instant.now();
        Path path = run.resolve(PREFIX);
        try {
            path = run.resolve(nextName(run, now.getEpochSecond()));
            FileChannel channel =
                    FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            EventFile file = new EventFile(path, channel);
            try {
                file.append(event(now, 0).text(FILE_VERSION, VERSION));
                ProtoWriter start = new ProtoWriter().varint(STATUS, START);
                file.append(event(now, step + 1).message(SESSION_LOG, start));
                return file;
            } catch (IOException e) {
                channel.close();
                Files.delete(path);
                throw e;
            }
        } catch (IOException e) {
            throw RunException.explain(
                    path, "can't be made", e, "see that there is space and the right to write");
        }
    }

    /** TensorBoard reads a directory's files by name, so a clock set back must not reorder them. */
    private static String nextName(Path run, long second) throws IOException {
        int digits = PREFIX.length();
        try (Stream<Path> files = Files.list(run)) {
            long last =
                    files.map(file -> file.getFileName().toString())
                            .filter(name -> name.matches("events\\.out\\.tfevents\\.\\d{10}\\..*"))
                            .mapToLong(name -> Long.parseLong(name.substring(digits, digits + 10)))
                            .max()
                            .orElse(-1);
            long next = Math.max(second, last + 1);
            return String.format(Locale.ROOT, "%s%010d.llm360", PREFIX, next);
        }
    }

    void scalars(Instant time, long step, Map<String, Double> values) throws IOException {
        ProtoWriter summary = new ProtoWriter();
        values.forEach(
                (tag, value) ->
                        summary.message(
                                SUMMARY_VALUE,
                                new ProtoWriter()
                                        .text(TAG, tag)
                                        .float32(SIMPLE_VALUE, value.floatValue())));
        append(event(time, step).message(SUMMARY, summary));
    }

    private static ProtoWriter event(Instant time, long step) {
        return new ProtoWriter().float64(WALL_TIME, time.toEpochMilli() / 1e3).varint(STEP, step);
    }

    /** A TFRecord: length, the length's checksum, the data, its checksum; little-endian. */
    private void append(ProtoWriter event) throws IOException {
        byte[] data = event.toBytes();
        ByteBuffer record = ByteBuffer.allocate(16 + data.length).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(data.length);
        record.putInt(maskedCrc(record.array(), 0, 8));
        record.put(data);
        record.putInt(maskedCrc(record.array(), 12, data.length));
        append(record.flip());
    }

    /** CRC-32C, rotated and shifted so that the checksum of a checksum is none (crc32c.h). */
    private static int maskedCrc(byte[] bytes, int from, int count) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, count);
        return Integer.rotateRight((int) crc.getValue(), 15) + CRC_MASK;
    }
}
