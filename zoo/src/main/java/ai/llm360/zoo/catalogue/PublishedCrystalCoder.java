package ai.llm360.zoo.catalogue;

import ai.llm360.zoo.catalogue.PublishedCheckpoint.Evidence;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * CrystalCoder's checkpoints, of three phases of training.
 *
 * <p>The Hub has 143, and alone knows them all: 55 names have been seen, phase 2's last is named by
 * CrystalChat's training, which began from it, and any other step of a phase is taken for one that
 * may exist until the Hub has been asked. Of its older branches, {@code mdl_phase1_step_1500},
 * those count whose step has none of today's names: each checkpoint is there once. A step has 2112
 * rows of 2048 tokens (LLM360/crystalcoder-train, {@code params.yaml} of each phase).
 */
final class PublishedCrystalCoder extends PublishedModel {

    static final String REPOSITORY = "IFM/Crystal";

    private static final int COUNT = 143;
    private static final long TOKENS_PER_STEP = 2112 * 2048;
    private static final Pattern BRANCH =
            Pattern.compile("CrystalCoder_phase([1-3])_checkpoint_(\\d{6})");
    private static final Pattern OLD_BRANCH = Pattern.compile("mdl_phase([1-3])_step_0*(\\d{1,6})");
    private static final Pattern NAME =
            Pattern.compile(
                    "(?:crystalcoder-|mdl-)?phase([1-9])-(?:checkpoint-|step-)?0*(\\d{1,6})");

    /** The steps that are known as branches; a phase a line, its last step at the end. */
    private static final List<List<Long>> KNOWN =
            """
            1500 4500 9000 15000 18000 24000 30000 33000 34500 37500 40500 43500 48000 49500 52500 \
            55500 58500 61500 64500 67500 70500 72000 75000 78000 79721
            3000 9000 15000 18000 21000 27000 33000 39000 42000 51000 57000 63000 69000 75000 81000 \
            87000 93000 99000 105000 111000 114000 120000 126000 132000 138000 144000 150000 174000 \
            207000 214387
            27728
            """
                    .lines()
                    .map(phase -> Arrays.stream(phase.split(" ")).map(Long::valueOf).toList())
                    .toList();

    private static final List<PublishedCheckpoint> SEEN =
            IntStream.rangeClosed(1, KNOWN.size())
                    .boxed()
                    .flatMap(
                            phase ->
                                    KNOWN.get(phase - 1).stream()
                                            .map(step -> byRule(phase, step, Evidence.OBSERVED)))
                    .toList();

    PublishedCrystalCoder(Optional<BranchList> list) {
        super(
                "crystalcoder",
                REPOSITORY,
                COUNT,
                list,
                list.map(PublishedCrystalCoder::listed).orElse(SEEN));
    }

    private static List<PublishedCheckpoint> listed(BranchList list) {
        Map<String, PublishedCheckpoint> byName = new HashMap<>();
        for (Pattern pattern : List.of(BRANCH, OLD_BRANCH)) {
            for (String branch : list.branches()) {
                Matcher matcher = pattern.matcher(branch);
                if (matcher.matches()) {
                    PublishedCheckpoint found =
                            checkpoint(
                                    Integer.parseInt(matcher.group(1)),
                                    Long.parseLong(matcher.group(2)),
                                    list.repository(),
                                    branch,
                                    Evidence.OBSERVED);
                    byName.putIfAbsent(found.name(), found);
                }
            }
        }
        return byName.values().stream()
                .sorted(Comparator.comparingLong(c -> c.tokens().getAsLong()))
                .toList();
    }

    private static PublishedCheckpoint byRule(int phase, long step, Evidence evidence) {
        String branch = "CrystalCoder_phase" + phase + "_checkpoint_" + digits(step);
        return checkpoint(phase, step, REPOSITORY, branch, evidence);
    }

    private static String digits(long step) {
        return String.format(Locale.ROOT, "%06d", step);
    }

    private static PublishedCheckpoint checkpoint(
            int phase, long step, String repository, String branch, Evidence evidence) {
        long before = 0;
        for (int earlier = 1; earlier < phase; earlier++) {
            before += lastStep(earlier);
        }
        return new PublishedCheckpoint(
                "crystalcoder",
                "phase" + phase + "-" + digits(step),
                repository,
                branch,
                OptionalInt.of(phase),
                OptionalLong.of(step),
                OptionalLong.of((before + step) * TOKENS_PER_STEP),
                OptionalInt.empty(),
                evidence);
    }

    private static long lastStep(int phase) {
        List<Long> known = KNOWN.get(phase - 1);
        return known.get(known.size() - 1);
    }

    /**
     * {@code phase1-055500}, {@code phase1-55500}, {@code CrystalCoder_phase1_checkpoint_055500}.
     */
    @Override
    Optional<PublishedCheckpoint> named(String given) {
        Matcher matcher = NAME.matcher(given);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int phase = Integer.parseInt(matcher.group(1));
        long step = Long.parseLong(matcher.group(2));
        Optional<PublishedCheckpoint> found =
                ofPhase(phase).stream().filter(c -> c.step().getAsLong() == step).findFirst();
        boolean fits = phase <= KNOWN.size() && step >= 1 && step <= lastStep(phase);
        return found.isEmpty() && fits && !asked()
                ? Optional.of(byRule(phase, step, Evidence.UNCONFIRMED))
                : found;
    }

    private List<PublishedCheckpoint> ofPhase(int phase) {
        return checkpoints().stream().filter(c -> c.phase().getAsInt() == phase).toList();
    }

    @Override
    String explain(String given) {
        Matcher matcher = NAME.matcher(CheckpointNames.normal(given));
        if (matcher.matches() && Integer.parseInt(matcher.group(1)) <= KNOWN.size()) {
            int phase = Integer.parseInt(matcher.group(1));
            long step = Long.parseLong(matcher.group(2));
            Optional<PublishedCheckpoint> nearest =
                    ofPhase(phase).stream()
                            .min(
                                    Comparator.comparingLong(
                                            c -> Math.abs(c.step().getAsLong() - step)));
            if (nearest.isPresent()) {
                return "phase %d of crystalcoder has steps 1 to %d, the nearest is %s"
                        .formatted(phase, lastStep(phase), nearest.get().name());
            }
        }
        return "crystalcoder's are named by phase and step, from %s to %s, such as phase1-055500"
                .formatted(checkpoints().get(0).name(), last().name());
    }
}
