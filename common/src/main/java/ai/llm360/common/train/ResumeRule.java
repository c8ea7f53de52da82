package ai.llm360.common.train;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.config.ConfigTree.Difference;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Decides which changes of a run's configuration a resume allows. By default none; on request what
 * leaves the weights and the optimizer's state their meaning: which data comes, how fast the run
 * learns from here on, how it is watched and kept. A change of the run's length must say what
 * becomes of the learning rates.
 */
final class ResumeRule {

    /** A key, or the keys below one. */
    private static final List<String> CHANGEABLE =
            List.of(
                    "data",
                    "steps",
                    "validation",
                    "checkpoints",
                    "anomaly",
                    "recompute_layers",
                    "batch.micro",
                    "schedule");

    /** The keys that decide the run's number of steps. */
    private static final Set<String> LENGTH = Set.of("steps", "data.chunks");

    private ResumeRule() {}

    /**
     * Returns the changes from a run's configuration to the one that it is to go on with.
     *
     * @throws ConfigException naming each change that isn't accepted, and what to do
     */
    static List<Difference> check(TrainingConfig saved, TrainingConfig given, boolean allowChange) {
        List<Difference> changes =
                ConfigTree.of(saved).differences(ConfigTree.of(given)).stream()
                        .filter(change -> !movedStart(change, saved, given))
                        .toList();
        List<Difference> never = changes.stream().filter(change -> !changeable(change)).toList();
        if (!never.isEmpty()) {
            throw new ConfigException(
                    "a run can't change %s; begin a new run, or resume without the change"
                            .formatted(list(never)));
        }
        if (!changes.isEmpty() && !allowChange) {
            throw new ConfigException(
                    ("the run was begun with another configuration: %s; resume without the change,"
                                    + " or with --allow-change")
                            .formatted(list(changes)));
        }
        List<Difference> length =
                changes.stream().filter(change -> LENGTH.contains(change.path())).toList();
        TrainingConfig.Schedule schedule = given.schedule();
        if (!length.isEmpty()
                && schedule.kind() != TrainingConfig.Schedule.Kind.CONSTANT
                && schedule.total() == 0) {
            throw new ConfigException(
                    ("%s would also change the learning rate of each step, as schedule.total is 0:"
                         + " all of the run's steps; give schedule.total too: the run's steps"
                         + " before the change keep the rates, those after it stretch them")
                            .formatted(list(length)));
        }
        return changes;
    }

    /** The weights to begin with are what their hash says, wherever they lie. */
    private static boolean movedStart(
            Difference change, TrainingConfig saved, TrainingConfig given) {
        return change.path().equals("start.checkpoint")
                && hash(saved).isPresent()
                && hash(saved).equals(hash(given));
    }

    private static Optional<String> hash(TrainingConfig config) {
        return config.start().flatMap(TrainingConfig.Start::sha256);
    }

    private static boolean changeable(Difference change) {
        return CHANGEABLE.stream()
                .anyMatch(key -> change.path().equals(key) || change.path().startsWith(key + "."));
    }

    private static String list(List<Difference> changes) {
        return changes.stream().map(Difference::toString).collect(Collectors.joining(", "));
    }
}
