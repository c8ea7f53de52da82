package ai.llm360.common.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A named reason to pass over tensors that a checkpoint holds and a model doesn't use.
 *
 * @param name a short name for messages, such as {@code rotary-buffers}
 * @param pattern matches the whole tensor name
 * @param reason why nothing is lost, in a sentence
 * @param original the tensor that those passed over are copies of, which {@link #check} sees to
 */
public record IgnoreRule(String name, Pattern pattern, String reason, Optional<String> original) {

    /** Elements compared at a time. */
    private static final int PART = 1 << 20;

    /**
     * Creates a rule for tensors that hold nothing of the model.
     *
     * @param name a short name
     * @param pattern matches the whole tensor name
     * @param reason why nothing is lost
     */
    public IgnoreRule(String name, Pattern pattern, String reason) {
        this(name, pattern, reason, Optional.empty());
    }

    /**
     * Creates a rule for a tensor that another one is a copy of.
     *
     * @param name a short name
     * @param copy the tensor to pass over
     * @param original the tensor that the model uses
     * @param reason why the checkpoint has both
     * @return the rule
     */
    public static IgnoreRule copyOf(String name, String copy, String original, String reason) {
        return new IgnoreRule(
                name, Pattern.compile(Pattern.quote(copy)), reason, Optional.of(original));
    }

    /**
     * Returns whether a tensor is to be passed over.
     *
     * @param tensor the tensor's name
     * @return whether the pattern matches all of it
     */
    public boolean matches(String tensor) {
        return pattern.matcher(tensor).matches();
    }

    /**
     * Compares the copies that a checkpoint holds with their original, element by element. Names
     * that share one place in a file need no comparison.
     *
     * @param checkpoint the checkpoint
     * @throws CheckpointException if one isn't equal to the original
     * @throws IOException if reading fails
     */
    public void check(Checkpoint checkpoint) throws IOException {
        TensorInfo first = original.map(checkpoint.tensors()::get).orElse(null);
        if (first == null) {
            return;
        }
        for (TensorInfo copy : checkpoint.tensors().values()) {
            if (matches(copy.name()) && !samePlace(first, copy)) {
                compare(checkpoint, first, copy);
            }
        }
    }

    private static boolean samePlace(TensorInfo a, TensorInfo b) {
        return a.file().equals(b.file())
                && a.offset() == b.offset()
                && a.shape().equals(b.shape())
                && a.strides().equals(b.strides());
    }

    private void compare(Checkpoint checkpoint, TensorInfo first, TensorInfo copy)
            throws IOException {
        boolean alike = first.type() == copy.type() && first.shape().equals(copy.shape());
        ByteBuffer a = buffer(first.type());
        ByteBuffer b = buffer(copy.type());
        for (long done = 0; alike && done < first.elementCount(); done += PART) {
            long count = Math.min(PART, first.elementCount() - done);
            checkpoint.read(first, done, count, first.type(), a.clear());
            checkpoint.read(copy, done, count, copy.type(), b.clear());
            alike = a.flip().mismatch(b.flip()) < 0;
        }
        if (!alike) {
            throw new CheckpointException(
                    checkpoint.location(),
                    ("%s isn't equal to %s, though the model has one of them only (%s): the file is"
                                    + " damaged, or of a model that doesn't tie them")
                            .formatted(copy.name(), first.name(), name));
        }
    }

    private static ByteBuffer buffer(TensorType type) {
        return ByteBuffer.allocateDirect(PART * type.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
    }
}
