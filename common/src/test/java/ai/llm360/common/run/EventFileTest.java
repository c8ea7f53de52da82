package ai.llm360.common.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads event files back with a reader of its own, down to the checksum's polynomial. */
class EventFileTest {

    @TempDir Path folder;

    /** What a message holds, by field number; numbers as the bits that they are. */
    private record Field(int number, long bits, ByteBuffer bytes) {

        String text() {
            return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
        }
    }

    @Test
    void the_checksum_is_that_of_rfc_3720() {
        assertThat(crc32c(new byte[32])).isEqualTo(0x8a9136aa);
        assertThat(crc32c("123456789".getBytes(StandardCharsets.US_ASCII))).isEqualTo(0xe3069283);
    }

    @Test
    void a_file_begins_with_its_version_and_the_step_to_come() throws IOException {
        EventFile.create(folder, 41).close();
        List<List<Field>> events = events(files().get(0));
        assertThat(events).hasSize(2);
        assertThat(get(events.get(0), 3).text()).isEqualTo("brain.Event:2");
        assertThat(get(events.get(1), 2).bits).isEqualTo(42);
        assertThat(get(fields(get(events.get(1), 7).bytes), 1).bits).isEqualTo(1);
        double time = Double.longBitsToDouble(get(events.get(1), 1).bits);
        assertThat(time).isBetween(System.currentTimeMillis() / 1e3 - 60, 4e9);
    }

    @Test
    void each_step_is_an_event_with_all_its_scalars() throws IOException {
        Path run = folder.resolve("run");
        try (RunDirectory directory = RunDirectory.create(run, "", "");
                RunLog log = directory.openLog(0)) {
            log.metrics(
                    new StepMetrics(
                            300, 2.5, 3e-4, 0.75, 19200, 99.5, OptionalDouble.of(0.5), 1 << 30));
            log.metrics(
                    new StepMetrics(
                            301, Double.NaN, 0, 0.75, 1, 99.5, OptionalDouble.empty(), 1 << 30));
            log.validation(new ValidationLoss(301, "bücher", 2.25, 100));
        }
        List<List<Field>> events = events(files(run).get(0));
        assertThat(events).hasSize(5);
        assertThat(get(events.get(2), 2).bits).isEqualTo(300);
        Map<String, Float> expected = new LinkedHashMap<>();
        expected.put("train/loss", 2.5f);
        expected.put("train/lr", 3e-4f);
        expected.put("train/grad_norm", 0.75f);
        expected.put("train/tokens", 19200f);
        expected.put("speed/tokens_per_second", 99.5f);
        expected.put("speed/mfu", 0.5f);
        expected.put("speed/memory_bytes", (float) (1 << 30));
        assertThat(scalars(events.get(2))).isEqualTo(expected);
        assertThat(scalars(events.get(3)))
                .containsEntry("train/loss", Float.NaN)
                .doesNotContainKey("speed/mfu");
        assertThat(scalars(events.get(4))).isEqualTo(Map.of("validation/bücher", 2.25f));
    }

    @Test
    void files_are_read_in_the_order_they_were_made_whatever_the_clock_says() throws IOException {
        Files.createFile(folder.resolve("events.out.tfevents.4102444800.earlier"));
        EventFile.create(folder, 0).close();
        EventFile.create(folder, 0).close();
        assertThat(files())
                .extracting(file -> file.getFileName().toString())
                .containsExactly(
                        "events.out.tfevents.4102444800.earlier",
                        "events.out.tfevents.4102444801.llm360",
                        "events.out.tfevents.4102444802.llm360");
    }

    private List<Path> files() throws IOException {
        return files(folder);
    }

    private static List<Path> files(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            return files.filter(f -> f.getFileName().toString().contains("tfevents"))
                    .sorted()
                    .toList();
        }
    }

    static Map<String, Float> scalars(Path file) throws IOException {
        Map<String, Float> last = new TreeMap<>();
        for (List<Field> event : events(file)) {
            last.putAll(scalars(event));
        }
        return last;
    }

    private static Map<String, Float> scalars(List<Field> event) {
        Map<String, Float> scalars = new LinkedHashMap<>();
        for (Field summary : event) {
            if (summary.number == 5) {
                for (Field value : fields(summary.bytes)) {
                    List<Field> inner = fields(value.bytes);
                    scalars.put(
                            get(inner, 1).text(), Float.intBitsToFloat((int) get(inner, 2).bits));
                }
            }
        }
        return scalars;
    }

    /** Takes the records apart, checking both checksums of each. */
    private static List<List<Field>> events(Path file) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        List<List<Field>> events = new ArrayList<>();
        while (in.hasRemaining()) {
            byte[] length = take(in, 8);
            assertThat(in.getInt()).isEqualTo(masked(length));
            byte[] data =
                    take(
                            in,
                            (int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong());
            assertThat(in.getInt()).isEqualTo(masked(data));
            events.add(fields(ByteBuffer.wrap(data)));
        }
        return events;
    }

    private static byte[] take(ByteBuffer in, int count) {
        byte[] bytes = new byte[count];
        in.get(bytes);
        return bytes;
    }

    private static Field get(List<Field> fields, int number) {
        return fields.stream().filter(field -> field.number == number).findFirst().orElseThrow();
    }

    private static List<Field> fields(ByteBuffer message) {
        ByteBuffer in = message.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        List<Field> fields = new ArrayList<>();
        while (in.hasRemaining()) {
            long tag = varint(in);
            int number = (int) (tag >>> 3);
            fields.add(
                    switch ((int) (tag & 7)) {
                        case 0 -> new Field(number, varint(in), null);
                        case 1 -> new Field(number, in.getLong(), null);
                        case 2 -> new Field(number, 0, ByteBuffer.wrap(take(in, (int) varint(in))));
                        case 5 -> new Field(number, in.getInt(), null);
                        default -> throw new AssertionError("wire type " + (tag & 7));
                    });
        }
        return fields;
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = in.get();
            value |= (long) (b & 127) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    private static int masked(byte[] bytes) {
        int crc = crc32c(bytes);
        return ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
    }

    /** Bit by bit: the reversed Castagnoli polynomial. */
    private static int crc32c(byte[] bytes) {
        int crc = -1;
        for (byte b : bytes) {
            crc ^= b & 255;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc >>> 1) ^ ((crc & 1) == 0 ? 0 : 0x82f63b78);
            }
        }
        return ~crc;
    }
}
