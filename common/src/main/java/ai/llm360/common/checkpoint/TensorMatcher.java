package ai.llm360.common.checkpoint;

import ai.djl.ndarray.types.Shape;
import ai.llm360.io.internal.PlainText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Compares what a model expects with what a checkpoint holds, and reports all differences at once.
 */
public final class TensorMatcher {

    /** Lines of each kind in a message. */
    private static final int SHOWN = 10;

    private final Map<String, Shape> expected;
    private final List<IgnoreRule> ignored;

    /**
     * Creates a matcher.
     *
     * @param expected the shape of each tensor that the model needs, in the model's order
     * @param ignored which other tensors may be there. A rule never hides an expected tensor
     */
    public TensorMatcher(Map<String, Shape> expected, List<IgnoreRule> ignored) {
        this.expected = Collections.unmodifiableMap(new LinkedHashMap<>(expected));
        this.ignored = List.copyOf(ignored);
    }

    /**
     * Finds the expected tensors.
     *
     * @return the expected tensors by name, in the expected order; unmodifiable
     * @throws CheckpointException if tensors are missing, unexpected or of another shape, listing
     *     all; or if an ignored copy isn't equal to its original
     */
    public Map<String, TensorInfo> match(Checkpoint checkpoint) throws IOException {
        Map<String, TensorInfo> found = new LinkedHashMap<>();
        List<String> missing = new ArrayList<>();
        List<String> misshaped = new ArrayList<>();
        List<String> unexpected = new ArrayList<>();
        expected.forEach(
                (name, shape) -> {
                    TensorInfo tensor = checkpoint.tensors().get(name);
                    if (tensor == null) {
                        missing.add(name + " " + shape);
                    } else if (!Arrays.equals(tensor.shape().getShape(), shape.getShape())) {
                        misshaped.add(name + " is " + tensor.shape() + ", expected " + shape);
                    } else {
                        found.put(name, tensor);
                    }
                });
        for (TensorInfo tensor : checkpoint.tensors().values()) {
            String name = tensor.name();
            if (!expected.containsKey(name) && ignored.stream().noneMatch(r -> r.matches(name))) {
                unexpected.add(PlainText.shorten(name) + " " + tensor.shape());
            }
        }
        if (missing.isEmpty() && misshaped.isEmpty() && unexpected.isEmpty()) {
            for (IgnoreRule rule : ignored) {
                rule.check(checkpoint);
            }
            return Collections.unmodifiableMap(found);
        }
        throw new CheckpointException(
                checkpoint.location(),
                "the checkpoint is not of this model; is its configuration the right one?"
                        + list("missing", missing)
                        + list("of another shape", misshaped)
                        + list("unexpected", unexpected));
    }

    private static String list(String what, List<String> lines) {
        if (lines.isEmpty()) {
            return "";
        }
        StringBuilder text = new StringBuilder();
        text.append("\n  ").append(lines.size()).append(' ').append(what).append(':');
        lines.stream().limit(SHOWN).forEach(line -> text.append("\n    ").append(line));
        if (lines.size() > SHOWN) {
            text.append("\n    … and ").append(lines.size() - SHOWN).append(" more");
        }
        return text.toString();
    }
}
