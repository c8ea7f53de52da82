package ai.llm360.zoo;

import ai.llm360.zoo.PublishedCheckpoint.Evidence;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Amber's 360 checkpoints, one after each of its data's 360 chunks.
 *
 * <p>The model card has branches {@code ckpt_000} to {@code ckpt_358}, and the last checkpoint on
 * {@code main}. The numbers of steps and tokens follow from the training code (LLM360/amber-train,
 * {@code main.py}): of a chunk's 1,706,976 rows it takes whole batches of 2240, and of a row of
 * 2049 tokens it predicts 2048.
 */
final class PublishedAmber implements PublishedModel {

    private static final String REPOSITORY = "LLM360/Amber";
    private static final int COUNT = 360;
    private static final long BATCH = 2240;
    private static final long STEPS_PER_CHUNK = 1_706_976 / BATCH; // 762
    private static final long TOKENS_PER_STEP = BATCH * 2048;
    private static final Pattern NUMBERED = Pattern.compile("(?:ckpt-)?(\\d{1,6})");

    @Override
    public String name() {
        return "amber";
    }

    @Override
    public int published() {
        return COUNT;
    }

    @Override
    public List<PublishedCheckpoint> checkpoints() {
        return IntStream.range(0, COUNT).mapToObj(this::checkpoint).toList();
    }

    private PublishedCheckpoint checkpoint(int chunk) {
        long steps = (chunk + 1) * STEPS_PER_CHUNK;
        return new PublishedCheckpoint(
                name(),
                String.format(Locale.ROOT, "ckpt-%03d", chunk),
                REPOSITORY,
                chunk == COUNT - 1 ? "main" : String.format(Locale.ROOT, "ckpt_%03d", chunk),
                OptionalInt.empty(),
                OptionalLong.of(steps),
                OptionalLong.of(steps * TOKENS_PER_STEP),
                OptionalInt.of(chunk),
                Evidence.RULE);
    }

    /** {@code ckpt-7}, {@code ckpt-007}, {@code 7}, {@code main}. */
    @Override
    public Optional<PublishedCheckpoint> named(String name) {
        if (name.equals("main")) {
            return Optional.of(checkpoint(COUNT - 1));
        }
        Matcher matcher = NUMBERED.matcher(name);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int chunk = Integer.parseInt(matcher.group(1));
        return chunk < COUNT ? Optional.of(checkpoint(chunk)) : Optional.empty();
    }

    @Override
    public String explain(String name) {
        return "amber has ckpt-000 to ckpt-359";
    }
}
