package ai.llm360.common.checkpoint;

import ai.llm360.io.internal.PlainText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The index of a sharded checkpoint: {@code model.safetensors.index.json} or {@code
 * pytorch_model.bin.index.json} in the Hub's form.
 *
 * @param shardOf the file name that holds each tensor, by tensor name, in the index's order
 * @param metadata the scalars under {@code metadata}, as text
 */
record ShardIndex(Map<String, String> shardOf, Map<String, String> metadata) {

    /** The index of CrystalCoder, 516 tensors, has 41 kB: this leaves room for 800,000. */
    static final long MAX_BYTES = 64L << 20;

    private static final String WHAT = "checkpoint index";

    static ShardIndex read(Path file) throws IOException {
        long size = Files.size(file);
        if (size > MAX_BYTES) {
            throw new CheckpointException(
                    file, "has " + size + " bytes; an index has at most " + MAX_BYTES);
        }
        Map<String, String> shardOf = new LinkedHashMap<>();
        Map<String, String> metadata = new TreeMap<>();
        StrictJson json = new StrictJson(file, WHAT, Files.readAllBytes(file));
        json.document(
                section -> {
                    switch (section) {
                        case "weight_map" ->
                                json.object(
                                        section,
                                        tensor -> shardOf.put(tensor, shard(json, tensor)));
                        case "metadata" ->
                                json.object(
                                        section,
                                        key -> {
                                            String value = json.scalarOrSkip();
                                            if (value != null) {
                                                metadata.put(key, value);
                                            }
                                        });
                        default -> json.skip();
                    }
                });
        if (shardOf.isEmpty()) {
            throw json.problem("it names no tensors; expected a weight_map with some");
        }
        return new ShardIndex(
                Collections.unmodifiableMap(shardOf), Collections.unmodifiableMap(metadata));
    }

    /** A shard lies beside its index. Anything that could point elsewhere is refused. */
    private static String shard(StrictJson json, String tensor) throws IOException {
        String name = json.string("a value in weight_map");
        boolean plain =
                !name.isEmpty()
                        && !name.equals(".")
                        && !name.equals("..")
                        && name.length() <= 255
                        && name.chars()
                                .noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ');
        json.require(
                plain,
                "tensor %s lies in %s; expected the plain name of a file beside the index",
                PlainText.quote(tensor),
                PlainText.quote(name));
        return name;
    }
}
