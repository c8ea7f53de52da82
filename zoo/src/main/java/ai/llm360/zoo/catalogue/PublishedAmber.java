package ai.llm360.zoo.catalogue;

import ai.llm360.zoo.catalogue.PublishedCheckpoint.Evidence;
import java.util.ArrayList;
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
public final class PublishedAmber implements PublishedModel {

    static final String REPOSITORY = "IFM/Amber";

    private static final String NAME = "amber";
    private static final int COUNT = 360;
    private static final long BATCH = 2240;
    private static final long STEPS_PER_CHUNK = 1_706_976 / BATCH; // 762
    private static final long TOKENS_PER_STEP = BATCH * 2048;
    public static final String MAIN = "main";
    private static final Pattern NUMBERED = Pattern.compile("(?:ckpt-)?(\\d{1,6})");

    private static final List<PublishedCheckpoint> BY_RULE =
            IntStream.range(0, COUNT)
                    .mapToObj(
                            chunk ->
                                    checkpoint(
                                            chunk,
                                            REPOSITORY,
                                            chunk == COUNT - 1 ? MAIN : branch(chunk),
                                            Evidence.RULE))
                    .toList();

    private final Optional<BranchList> asked;
    private final List<PublishedCheckpoint> checkpoints;

    PublishedAmber(Optional<BranchList> list) {
        asked = list;
        checkpoints = list.map(PublishedAmber::listed).orElse(BY_RULE);
    }

    private static List<PublishedCheckpoint> listed(BranchList list) {
        Set<String> branches = Set.copyOf(list.branches());
        String last = branch(COUNT - 1);
        List<PublishedCheckpoint> all = new ArrayList<>();
        for (PublishedCheckpoint known : BY_RULE) {
            int chunk = known.chunk().getAsInt();
            boolean own = chunk == COUNT - 1 && branches.contains(last);
            String revision = own ? last : known.revision();
            if (branches.contains(revision)) {
                all.add(checkpoint(chunk, list.repository(), revision, Evidence.OBSERVED));
            }
        }
        return List.copyOf(all);
    }

    private static String branch(int chunk) {
        return String.format(Locale.ROOT, "ckpt_%03d", chunk);
    }

    private static PublishedCheckpoint checkpoint(
            int chunk, String repository, String revision, Evidence evidence) {
        long steps = (chunk + 1) * STEPS_PER_CHUNK;
        return new PublishedCheckpoint(
                NAME,
                CheckpointNames.normal(revision.equals(MAIN) ? branch(chunk) : revision),
                repository,
                revision,
                OptionalInt.empty(),
                OptionalLong.of(steps),
                OptionalLong.of(steps * TOKENS_PER_STEP),
                OptionalInt.of(chunk),
                evidence);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String repository() {
        return asked.map(BranchList::repository).orElse(REPOSITORY);
    }

    @Override
    public int published() {
        return asked.isPresent() ? checkpoints.size() : COUNT;
    }

    @Override
    public List<PublishedCheckpoint> checkpoints() {
        return checkpoints;
    }

    /** {@code ckpt-7}, {@code ckpt-007}, {@code 7}, {@code main}. */
    @Override
    public Optional<PublishedCheckpoint> named(String name) {
        Matcher matcher = NUMBERED.matcher(name);
        if (!matcher.matches() && !name.equals(MAIN)) {
            return Optional.empty();
        }
        int chunk = name.equals(MAIN) ? COUNT - 1 : Integer.parseInt(matcher.group(1));
        return checkpoints.stream().filter(c -> c.chunk().getAsInt() == chunk).findFirst();
    }

    @Override
    public String explain(String name) {
        return "amber has %s to %s".formatted(checkpoints.get(0).name(), last().name());
    }
}
