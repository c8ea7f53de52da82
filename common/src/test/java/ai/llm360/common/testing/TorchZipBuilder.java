package ai.llm360.common.testing;

import ai.llm360.common.checkpoint.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;

/** Makes files of {@code torch.save} by hand, good ones and bad ones, without PyTorch. */
public final class TorchZipBuilder {

    private static final Map<TensorType, String> STORAGES =
            Map.of(
                    TensorType.F64, "DoubleStorage",
                    TensorType.F32, "FloatStorage",
                    TensorType.F16, "HalfStorage",
                    TensorType.BF16, "BFloat16Storage",
                    TensorType.I64, "LongStorage",
                    TensorType.I32, "IntStorage",
                    TensorType.I16, "ShortStorage",
                    TensorType.I8, "CharStorage",
                    TensorType.U8, "ByteStorage",
                    TensorType.BOOL, "BoolStorage");

    private final PickleBuilder items = new PickleBuilder().proto(2).emptyDict().mark();
    private final Map<String, byte[]> storages = new LinkedHashMap<>();
    private final Map<String, TensorType> types = new LinkedHashMap<>();
    private final Map<String, byte[]> records = new LinkedHashMap<>();
    private byte[] pickle;
    private boolean padded;

    /** Adds a packed tensor of F32. */
    public TorchZipBuilder floats(String name, long[] shape, float... values) {
        return tensor(name, TensorType.F32, shape, SafetensorsBuilder.littleEndian(values));
    }

    /** Adds a packed tensor of any type, in a storage of its own. */
    public TorchZipBuilder tensor(String name, TensorType type, long[] shape, byte[] bytes) {
        String key = Integer.toString(storages.size());
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int d = shape.length - 1; d >= 0; d--) {
            strides[d] = stride;
            stride *= shape[d];
        }
        return storage(key, type, bytes).view(name, key, 0, shape, strides);
    }

    /** Adds a storage, for views. */
    public TorchZipBuilder storage(String key, TensorType type, byte[] bytes) {
        storages.put(key, bytes);
        types.put(key, type);
        return this;
    }

    /** Adds a tensor that is a view of a storage. */
    public TorchZipBuilder view(
            String name, String key, long offset, long[] shape, long[] strides) {
        TensorType type = types.get(key);
        long elements = storages.get(key).length / type.byteSize();
        items.text(name).tensor(STORAGES.get(type), key, elements, offset, shape, strides);
        return this;
    }

    /** Adds any other record, such as byteorder, or replaces one. */
    public TorchZipBuilder record(String name, byte[] content) {
        records.put(name, content);
        return this;
    }

    /** Adds any other record, such as byteorder, or replaces one. */
    public TorchZipBuilder record(String name, String content) {
        return record(name, content.getBytes(StandardCharsets.UTF_8));
    }

    /** Replaces the pickle. */
    public TorchZipBuilder pickle(byte[] pickle) {
        this.pickle = pickle.clone();
        return this;
    }

    /** Pads local headers so that records start at multiples of 64, as torch does. */
    public TorchZipBuilder padded() {
        padded = true;
        return this;
    }

    /** Returns the file's bytes. Call it once. */
    public byte[] bytes() {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("archive/data.pkl", pickle == null ? items.setItems().stop() : pickle);
        storages.forEach((key, bytes) -> entries.put("archive/data/" + key, bytes));
        entries.put("archive/version", "3\n".getBytes(StandardCharsets.US_ASCII));
        records.forEach((name, bytes) -> entries.put("archive/" + name, bytes));
        return zip(entries, padded);
    }

    /** Writes the file. */
    public Path write(Path file) throws IOException {
        return Files.write(file, bytes());
    }

    /** Returns a zip of stored entries. */
    public static byte[] zip(Map<String, byte[]> entries) {
        return zip(entries, false);
    }

    private static byte[] zip(Map<String, byte[]> entries, boolean padded) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream directory = new ByteArrayOutputStream();
        entries.forEach(
                (name, content) -> {
                    int at = out.size();
                    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
                    out.writeBytes(new byte[] {'P', 'K', 3, 4});
                    int extra = padded ? 63 - (at + 30 + utf8.length + 63) % 64 : 0;
                    byte[] local = common(utf8, content);
                    ByteBuffer.wrap(local)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putShort(24, (short) extra);
                    out.writeBytes(local);
                    out.writeBytes(utf8);
                    out.writeBytes(new byte[extra]);
                    out.writeBytes(content);
                    directory.writeBytes(new byte[] {'P', 'K', 1, 2, 20, 0});
                    directory.writeBytes(common(utf8, content));
                    directory.writeBytes(numbers(14, 0, 0, 0, 0).putInt(10, at).array());
                    directory.writeBytes(utf8);
                });
        int start = out.size();
        out.writeBytes(directory.toByteArray());
        out.writeBytes(new byte[] {'P', 'K', 5, 6});
        out.writeBytes(
                numbers(18, 0, 0, entries.size(), entries.size())
                        .putInt(8, directory.size())
                        .putInt(12, start)
                        .array());
        return out.toByteArray();
    }

    /** From "version needed" to "extra length": the same in local and central headers. */
    private static byte[] common(byte[] name, byte[] content) {
        CRC32 crc = new CRC32();
        crc.update(content);
        return numbers(26, 20, 0, 0, 0, 0)
                .putInt(10, (int) crc.getValue())
                .putInt(14, content.length)
                .putInt(18, content.length)
                .putShort(22, (short) name.length)
                .array();
    }

    private static ByteBuffer numbers(int size, int... shorts) {
        ByteBuffer bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < shorts.length; i++) {
            bytes.putShort(2 * i, (short) shorts[i]);
        }
        return bytes;
    }
}
