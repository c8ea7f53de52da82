package ai.llm360.common.testing;

import ai.llm360.common.checkpoint.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.StringJoiner;

/** Makes safetensors files by hand, good ones and bad ones, without the code under test. */
public final class SafetensorsBuilder {

    private final StringJoiner entries = new StringJoiner(",", "{", "}");
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private String header;

    /** Adds an entry to {@code __metadata__}, which then holds only this one. */
    public SafetensorsBuilder metadata(String key, String value) {
        entries.add("\"__metadata__\":{\"" + key + "\":\"" + value + "\"}");
        return this;
    }

    /** Adds a tensor of F32. */
    public SafetensorsBuilder floats(String name, long[] shape, float... values) {
        return tensor(name, TensorType.F32, shape, littleEndian(values));
    }

    /** Adds a tensor of any type from its bytes. */
    public SafetensorsBuilder tensor(String name, TensorType type, long[] shape, byte[] bytes) {
        int begin = data.size();
        data.writeBytes(bytes);
        entries.add(entry(name, type.name(), Arrays.toString(shape), begin, data.size()));
        return this;
    }

    /** Replaces the header, leaving the data. */
    public SafetensorsBuilder header(String json) {
        header = json;
        return this;
    }

    /** Adds bytes to the data that no entry describes. */
    public SafetensorsBuilder data(int bytes) {
        data.writeBytes(new byte[bytes]);
        return this;
    }

    /** Returns one entry of a header, to put a bad one together. */
    public static String entry(String name, String dtype, String shape, long begin, long end) {
        return String.format(
                "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
                name, dtype, shape, begin, end);
    }

    /** Returns the file's bytes. */
    public byte[] bytes() {
        return bytes(
                (header == null ? entries.toString() : header).getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the file's bytes with a header that need not be text. */
    public byte[] bytes(byte[] headerBytes) {
        return ByteBuffer.allocate(8 + headerBytes.length + data.size())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(headerBytes.length)
                .put(headerBytes)
                .put(data.toByteArray())
                .array();
    }

    /** Writes the file. */
    public Path write(Path file) throws IOException {
        return Files.write(file, bytes());
    }

    /** Returns the bytes of floats. */
    public static byte[] littleEndian(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return bytes.array();
    }
}
