package ai.llm360.common.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A named reason to pass over tensors that a checkpoint holds and a model doesn't use.
 *
 * @param name a short name for messages, such as {@code rotary-buffers}
 * @param pattern matches the whole tensor name
 * @param reason why nothing is lost, in a sentence
 * @param original the tensor that those passed over are copies of, which {@link #check} sees to
 * @param flag the entry of {@code config.json} that claims the copies; absent where every model of
 *     the architecture has them
 */
public record IgnoreRule(
        String name,
        Pattern pattern,
        String reason,
        Optional<String> original,
        Optional<String> flag) {

    private static final Logger logger = LoggerFactory.getLogger(IgnoreRule.class);

    /** Elements compared at a time. */
    private static final int PART = 1 << 20;

    /** Creates a rule for tensors that hold nothing of the model. */
    public IgnoreRule(String name, Pattern pattern, String reason) {
        this(name, pattern, reason, Optional.empty(), Optional.empty());
    }

    /** Creates a rule for a tensor that another one, which the model uses, is a copy of. */
    public static IgnoreRule copyOf(String name, String copy, String original, String reason) {
        return new IgnoreRule(
                name,
                Pattern.compile(Pattern.quote(copy)),
                reason,
                Optional.of(original),
                Optional.empty());
    }

    /**
     * {@return this rule for a copy that an entry of {@code config.json} claims, such as {@code
     * tie_word_embeddings}} Where a checkpoint's copy differs from the original, the claim is
     * wrong: the checkpoint's own tensor counts, as it does to transformers 5.
     */
    public IgnoreRule claimedBy(String entry) {
        return new IgnoreRule(name, pattern, reason, original, Optional.of(entry));
    }

    /** {@return whether a tensor is to be passed over, as the pattern matches all of its name} */
    public boolean matches(String tensor) {
        return pattern.matcher(tensor).matches();
    }

    /**
     * Compares the copies that a checkpoint holds with their original, element by element. Names
     * that share one place in a file need no comparison.
     *
     * @throws CheckpointException if one isn't equal to the original
     */
    public void check(Checkpoint checkpoint) throws IOException {
        Optional<TensorInfo> differing = differing(checkpoint);
        if (differing.isPresent()) {
            String copy = differing.get().name();
            String cure = "the file is damaged, or of a model that doesn't tie them";
            if (flag.isPresent()) {
                cure =
                        "set %s to false in the model's configuration to use %s"
                                .formatted(flag.get(), copy);
            }
            throw new CheckpointException(
                    checkpoint.location(),
                    "%s isn't equal to %s, though the model has one of them only (%s): %s"
                            .formatted(copy, original.orElseThrow(), name, cure));
        }
    }

    /**
     * {@return the first copy that isn't equal to its original, comparing as {@link #check} does;
     * empty if there is none, or the rule isn't about copies}
     */
    public Optional<TensorInfo> differing(Checkpoint checkpoint) throws IOException {
        for (TensorInfo copy : copies(checkpoint)) {
            if (!equal(checkpoint, checkpoint.get(original.orElseThrow()), copy)) {
                return Optional.of(copy);
            }
        }
        return Optional.empty();
    }

    /** Returns the tensors that should be equal to the original, where that lies elsewhere. */
    private List<TensorInfo> copies(Checkpoint checkpoint) {
        TensorInfo first = original.map(checkpoint.tensors()::get).orElse(null);
        return checkpoint.tensors().values().stream()
                .filter(copy -> first != null && matches(copy.name()) && !samePlace(first, copy))
                .toList();
    }

    /**
     * Finds the rules whose claim a checkpoint breaks: it holds a tensor of its own where its
     * configuration speaks of a copy. Each is told in a warning.
     *
     * @return those of them that have a {@link #flag} and a {@linkplain #differing differing} copy
     */
    public static List<IgnoreRule> broken(List<IgnoreRule> rules, Checkpoint checkpoint)
            throws IOException {
        List<IgnoreRule> broken = new ArrayList<>();
        for (IgnoreRule rule : rules) {
            Optional<TensorInfo> own =
                    rule.flag.isPresent() ? rule.differing(checkpoint) : Optional.empty();
            if (own.isPresent()) {
                logger.warn(
                        "{}: {} is not {}, whatever config.json says by {}; both are used",
                        checkpoint.location(),
                        own.get().name(),
                        rule.original.orElseThrow(),
                        rule.flag.get());
                broken.add(rule);
            }
        }
        return broken;
    }

    /**
     * {@return whether comparing the copies of a checkpoint takes no reading of its tensors: there
     * are none, or each lies in the original's place}
     */
    public boolean needsNoReading(Checkpoint checkpoint) {
        return copies(checkpoint).isEmpty();
    }

    private static boolean samePlace(TensorInfo a, TensorInfo b) {
        return a.file().equals(b.file())
                && a.offset() == b.offset()
                && a.shape().equals(b.shape())
                && a.strides().equals(b.strides());
    }

    private static boolean equal(Checkpoint checkpoint, TensorInfo first, TensorInfo copy)
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
        return alike;
    }

    private static ByteBuffer buffer(TensorType type) {
        return ByteBuffer.allocateDirect(PART * type.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
    }
}
