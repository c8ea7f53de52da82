package ai.llm360.common.checkpoint;

import ai.djl.ndarray.types.Shape;
import ai.llm360.io.internal.PlainText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a safetensors header.
 *
 * <p>The rules are those of the reference implementation (safetensors 0.8, {@code
 * safetensors/src/tensor.rs}, {@code SafeTensors::read_metadata} and {@code Metadata::validate}):
 * an 8-byte little-endian length of at most 100,000,000, a JSON object, then the data, which the
 * tensors, sorted by offset, must cover from its first byte to the file's last one without gap or
 * overlap, each with exactly its shape times its type's size.
 */
final class SafetensorsHeader {

    static final long MAX_BYTES = 100_000_000;
    static final String METADATA = "__metadata__";
    private static final String WHAT = "safetensors header";

    private final Path file;
    private final StrictJson json;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private SafetensorsHeader(Path file, byte[] header) {
        this.file = file;
        json = new StrictJson(file, WHAT, header);
    }

    private record Entry(String name, TensorType type, Shape shape, long begin, long end) {}

    /** Reads the header of a file, its tensors in the order of their data. Nothing else is read. */
    static Shard read(Path file, FileChannel channel) throws IOException {
        long size = channel.size();
        ByteBuffer prefix = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        ShardReader.readFully(channel, 0, prefix, file);
        long length = prefix.getLong(0);
        if (length < 0 || length > MAX_BYTES) {
            throw new CheckpointException(
                    file,
                    "claims a header of "
                            + Long.toUnsignedString(length)
                            + " bytes; safetensors allows at most "
                            + MAX_BYTES);
        }
        if (length > size - 8) {
            throw new CheckpointException(
                    file,
                    "claims a header of "
                            + length
                            + " bytes, but the file has only "
                            + size
                            + "; it is truncated: fetch it again");
        }
        byte[] header = new byte[(int) length];
        ShardReader.readFully(channel, 8, ByteBuffer.wrap(header), file);
        if (header.length == 0 || header[0] != '{') {
            throw new CheckpointException(file, "bad " + WHAT + ": it must start with '{'");
        }
        return new SafetensorsHeader(file, header).parse(8 + length, size);
    }

    private Shard parse(long dataStart, long fileSize) throws CheckpointException {
        json.document(
                name -> {
                    if (name.equals(METADATA)) {
                        json.object(
                                METADATA,
                                key -> metadata.put(key, json.string("a value in " + METADATA)));
                    } else {
                        entries.add(entry(name));
                    }
                });
        return new Shard(
                file,
                false,
                place(dataStart, fileSize),
                Collections.unmodifiableMap(metadata),
                Shard.KNOWN);
    }

    private Entry entry(String name) throws IOException {
        String tensor = "tensor " + PlainText.quote(name);
        var found =
                new Object() {
                    String dtype;
                    List<Long> shape;
                    List<Long> offsets;
                };
        json.object(
                tensor,
                field -> {
                    switch (field) {
                        case "dtype" -> found.dtype = json.string("the dtype of " + tensor);
                        case "shape" ->
                                found.shape = sizes("the shape of " + tensor, Sizes.MAX_RANK);
                        case "data_offsets" ->
                                found.offsets = sizes("the data_offsets of " + tensor, 2);
                        default -> json.skip();
                    }
                });
        json.require(
                found.dtype != null && found.shape != null && found.offsets != null,
                "%s must have dtype, shape and data_offsets",
                tensor);
        json.require(
                found.offsets.size() == 2, "the data_offsets of %s must be two numbers", tensor);
        TensorType type =
                TensorType.fromSafetensors(found.dtype)
                        .orElseThrow(
                                () ->
                                        json.problem(
                                                tensor
                                                        + " has dtype "
                                                        + PlainText.quote(found.dtype)
                                                        + "; known are "
                                                        + List.of(TensorType.values())));
        Shape shape = new Shape(found.shape.stream().mapToLong(Long::longValue).toArray());
        return new Entry(name, type, shape, found.offsets.get(0), found.offsets.get(1));
    }

    private List<Long> sizes(String where, int limit) throws IOException {
        List<Long> sizes = new ArrayList<>();
        json.array(
                where,
                () -> {
                    if (sizes.size() == limit) {
                        throw json.problem(where + " has more than " + limit + " numbers");
                    }
                    sizes.add(json.size(where));
                });
        return sizes;
    }

    /** Checks that the tensors tile the data, and places them in the file. */
    private List<TensorInfo> place(long dataStart, long fileSize) throws CheckpointException {
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long dataSize = fileSize - dataStart;
        long expected = 0;
        List<TensorInfo> tensors = new ArrayList<>(entries.size());
        for (Entry entry : entries) {
            String tensor =
                    "tensor %s at data_offsets [%d, %d]"
                            .formatted(PlainText.quote(entry.name), entry.begin, entry.end);
            json.require(entry.end >= entry.begin, "%s ends before it begins", tensor);
            json.require(
                    entry.end <= dataSize,
                    "%s ends beyond the file's %d bytes of data; the file is truncated or damaged:"
                            + " fetch it again",
                    tensor,
                    dataSize);
            json.require(
                    entry.begin == expected,
                    "%s %s: it must begin at %d",
                    tensor,
                    entry.begin < expected ? "overlaps another" : "leaves a hole",
                    expected);
            json.require(
                    byteLength(entry) == entry.end - entry.begin,
                    "%s has %d bytes, which shape %s of %s does not fill",
                    tensor,
                    entry.end - entry.begin,
                    entry.shape,
                    entry.type);
            expected = entry.end;
            tensors.add(
                    TensorInfo.contiguous(
                            entry.name, entry.type, entry.shape, file, dataStart + entry.begin));
        }
        json.require(
                expected == dataSize,
                "the tensors end at byte %d of the data, but the file holds %d bytes of data",
                expected,
                dataSize);
        return List.copyOf(tensors);
    }

    /** Returns -1, which no tensor's length equals, if the size doesn't fit in a long. */
    private static long byteLength(Entry entry) {
        try {
            return Math.multiplyExact(Sizes.count(entry.shape), (long) entry.type.byteSize());
        } catch (ArithmeticException e) {
            return -1;
        }
    }
}
