package ai.llm360.common.checkpoint;

import ai.djl.ndarray.types.Shape;
import ai.llm360.io.internal.PlainText;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads what a file of {@code torch.save(state_dict)} holds. */
final class TorchFile {

    private final Path file;
    private final TorchArchive archive;
    private final Map<String, ZipRecord> recordOf = new HashMap<>();

    private TorchFile(Path file, TorchArchive archive) {
        this.file = file;
        this.archive = archive;
    }

    static Shard read(Path file) throws IOException {
        TorchFile torch = new TorchFile(file, TorchArchive.read(file));
        torch.checkByteOrder();
        Shard.Placing placing = ShardReader.isOnDisk(file) ? Shard.KNOWN : torch::placed;
        return new Shard(file, true, torch.tensors(), Map.of(), placing);
    }

    /** Torch before 2.1 wrote no byte order; all of its machines were little-endian. */
    private void checkByteOrder() throws IOException {
        if (archive.has("byteorder")) {
            String order = new String(archive.bytes("byteorder", 64), StandardCharsets.US_ASCII);
            if (!order.equals("little")) {
                throw new CheckpointException(
                        file,
                        "has byte order "
                                + PlainText.quote(order)
                                + "; only little-endian files are read: save the model as"
                                + " safetensors");
            }
        }
    }

    private List<TensorInfo> tensors() throws IOException {
        byte[] pickle = archive.bytes("data.pkl", PickleMachine.MAX_BYTES);
        Object root = new PickleMachine(pickle, new TorchConstructors(file)).run();
        if (!(root instanceof Map<?, ?> dict)) {
            throw new CheckpointException(
                    file, "holds " + describe(root) + "; expected a state dict: name → tensor");
        }
        List<TensorInfo> tensors = new ArrayList<>(dict.size());
        for (Map.Entry<?, ?> item : dict.entrySet()) {
            if (!(item.getKey() instanceof String name)) {
                throw new CheckpointException(
                        file, "has a state-dict key that is a number; expected tensor names");
            }
            if (!(item.getValue() instanceof TorchConstructors.Tensor tensor)) {
                throw new CheckpointException(
                        file,
                        PlainText.quote(name)
                                + " is "
                                + describe(item.getValue())
                                + ", not a tensor. Only a plain state dict is read: save"
                                + " model.state_dict(), not a training state that holds one");
            }
            tensors.add(place(name, tensor));
        }
        return List.copyOf(tensors);
    }

    private TensorInfo placed(TensorInfo tensor, FileChannel channel) throws IOException {
        ZipRecord record = recordOf.get(tensor.name());
        if (record == null) {
            throw new IllegalArgumentException(
                    file + " has no tensor " + PlainText.quote(tensor.name()));
        }
        return record.placed(tensor, channel);
    }

    /** Checks a view against its storage, and its storage against its record. */
    private TensorInfo place(String name, TorchConstructors.Tensor tensor) throws IOException {
        TorchConstructors.Storage storage = tensor.storage();
        ZipRecord record = archive.get("data/" + storage.key());
        recordOf.put(name, record);
        int width = storage.type().byteSize();
        if (record.size() % width != 0 || record.size() / width != storage.elements()) {
            throw problem(
                    name,
                    "lies in storage %s of %d %s elements, but its record has %d bytes"
                            .formatted(
                                    PlainText.quote(storage.key()),
                                    storage.elements(),
                                    storage.type(),
                                    record.size()));
        }
        List<Long> sizes = longs(name, tensor.sizes());
        List<Long> strides = longs(name, tensor.strides());
        String view =
                "of shape %s, strides %s and offset %d in a storage of %d elements"
                        .formatted(sizes, strides, tensor.offset(), storage.elements());
        for (long size : sizes) {
            if (size < 0) {
                throw problem(name, view + ": dimension " + size + " is negative");
            }
        }
        Shape shape = new Shape(sizes);
        if (shape.dimension() != strides.size()) {
            throw problem(
                    name, "has " + shape.dimension() + " sizes, " + strides.size() + " strides");
        }
        try {
            long count = Sizes.count(shape);
            long reach = Sizes.reach(shape, strides);
            boolean fits =
                    count == 0
                            ? tensor.offset() >= 0 && tensor.offset() <= storage.elements()
                            : tensor.offset() >= 0
                                    && Math.addExact(tensor.offset(), reach) < storage.elements();
            if (!fits) {
                throw problem(name, view + " reaches beyond its storage");
            }
            // An expanded tensor (stride 0) is a few bytes that claim to be many.
            if (count > storage.elements()) {
                throw problem(
                        name,
                        view + " repeats elements: call contiguous() on it and save it again");
            }
            return new TensorInfo(
                    name,
                    storage.type(),
                    shape,
                    file,
                    record.offset() + tensor.offset() * width,
                    count == 0 ? Sizes.rowMajor(shape) : strides);
        } catch (ArithmeticException e) {
            throw problem(name, view + ": " + e.getMessage());
        }
    }

    private List<Long> longs(String name, List<Object> values) throws CheckpointException {
        if (values.size() > Sizes.MAX_RANK) {
            throw problem(name, "has more than " + Sizes.MAX_RANK + " dimensions");
        }
        List<Long> longs = new ArrayList<>();
        for (Object value : values) {
            if (!(value instanceof Long number)) {
                throw problem(name, "has a size or stride that is not an integer");
            }
            longs.add(number);
        }
        return longs;
    }

    /** Names a kind of value without walking into it: a pickle may nest without end. */
    private static String describe(Object value) {
        if (value instanceof Map) {
            return "a dict";
        }
        if (value instanceof List || value instanceof PickleMachine.Tuple) {
            return "a list";
        }
        if (value instanceof TorchConstructors.Tensor) {
            return "a single tensor";
        }
        return value == PickleMachine.NONE ? "None" : "a " + value.getClass().getSimpleName();
    }

    private CheckpointException problem(String tensor, String problem) {
        return new CheckpointException(file, "tensor " + PlainText.quote(tensor) + " " + problem);
    }
}
