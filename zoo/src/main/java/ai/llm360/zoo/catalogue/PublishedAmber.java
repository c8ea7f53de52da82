package ai.llm360.zoo.catalogue;

import ai.llm360.zoo.catalogue.PublishedCheckpoint.Evidence;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Amber's 360 checkpoints, one after each of its data's 360 chunks.
 *
 * <p>The Hub has branches {@code ckpt_000} to {@code ckpt_358}, and the last checkpoint on {@code
 * main}; a branch {@code ckpt_359} goes before that where a mirror has one. The numbers of steps
 * and tokens follow from the training code (LLM360/amber-train, {@code main.py}): of a chunk's
 * 1,706,976 rows it takes whole batches of 2240, and of a row of 2049 tokens it predicts 2048.
 */
final class PublishedAmber extends PublishedModel {

    static final String REPOSITORY = "IFM/Amber";

    private static final int COUNT = 360;
    private static final long BATCH = 2240;
    private static final long STEPS_PER_CHUNK = 1_706_976 / BATCH; // 762
    private static final long TOKENS_PER_STEP = BATCH * 2048;
    private static final Pattern NUMBERED = Pattern.compile("(?:ckpt-)?(\\d{1,6})");

    private static final List<PublishedCheckpoint> BY_RULE = known(Optional.empty());

    PublishedAmber(Optional<BranchList> list) {
        super("amber", REPOSITORY, COUNT, list, list.isPresent() ? known(list) : BY_RULE);
    }

    private static List<PublishedCheckpoint> known(Optional<BranchList> list) {
        Set<String> branches = list.map(BranchList::branches).map(Set::copyOf).orElse(Set.of());
        String last = branch(COUNT - 1);
        return IntStream.range(0, COUNT)
                .mapToObj(
                        chunk -> {
                            boolean main = chunk == COUNT - 1 && !branches.contains(last);
                            return checkpoint(
                                    chunk, main ? PublishedRepository.MAIN : branch(chunk), list);
                        })
                .filter(one -> list.isEmpty() || branches.contains(one.revision()))
                .toList();
    }

    private static String branch(int chunk) {
        return String.format(Locale.ROOT, "ckpt_%03d", chunk);
    }

    private static PublishedCheckpoint checkpoint(
            int chunk, String revision, Optional<BranchList> list) {
        long steps = (chunk + 1) * STEPS_PER_CHUNK;
        return new PublishedCheckpoint(
                "amber",
                CheckpointNames.normal(branch(chunk)),
                list.map(BranchList::repository).orElse(REPOSITORY),
                revision,
                OptionalInt.empty(),
                OptionalLong.of(steps),
                OptionalLong.of(steps * TOKENS_PER_STEP),
                OptionalInt.of(chunk),
                list.isPresent() ? Evidence.OBSERVED : Evidence.RULE);
    }

    /** {@code ckpt-7}, {@code ckpt-007}, {@code 7}, {@code main}. */
    @Override
    Optional<PublishedCheckpoint> named(String given) {
        Matcher matcher =
                NUMBERED.matcher(given.equals(PublishedRepository.MAIN) ? "" + (COUNT - 1) : given);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int chunk = Integer.parseInt(matcher.group(1));
        return checkpoints().stream().filter(c -> c.chunk().getAsInt() == chunk).findFirst();
    }

    @Override
    String explain(String given) {
        return "amber has %s to %s".formatted(checkpoints().get(0).name(), last().name());
    }
}
