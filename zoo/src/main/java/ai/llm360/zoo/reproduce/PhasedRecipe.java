package ai.llm360.zoo.reproduce;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.config.ConfigTree.Difference;
import ai.llm360.common.run.PhasedRun;
import ai.llm360.common.train.TrainingPhase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The recipe that the directory of a training in phases goes by. */
final class PhasedRecipe {

    private PhasedRecipe() {}

    /**
     * Writes a recipe into the directory, or compares it with the one that is there, by which the
     * phases to come are trained too.
     *
     * @param onePhase whether a phase of its own may join the others without a resume
     * @throws ConfigException if it is another recipe, and no change is allowed
     */
    static void keep(
            ConfigTree recipe, Path directory, Pretraining.Resuming resuming, boolean onePhase)
            throws IOException {
        ConfigTree given = absolute(recipe);
        boolean joins = onePhase && PhasedRun.exists(directory);
        if (resuming == Pretraining.Resuming.REFUSED && !joins) {
            PhasedRun.create(directory, given.toYaml());
            return;
        }
        List<Difference> changes = ConfigTree.parse(PhasedRun.recipe(directory)).differences(given);
        if (changes.isEmpty()) {
            return;
        }
        if (resuming != Pretraining.Resuming.CHANGED) {
            throw new ConfigException(
                    "%s was begun with another recipe: %s; go on without the change, or with --resume --allow-change"
                            .formatted(
                                    directory,
                                    changes.stream()
                                            .map(Difference::toString)
                                            .collect(Collectors.joining(", "))));
        }
        PhasedRun.replaceRecipe(directory, given.toYaml());
    }

    /** A resume may be called from another working directory. */
    private static ConfigTree absolute(ConfigTree recipe) {
        ConfigTree result = absolute(recipe, "data.path");
        for (TrainingPhase phase : TrainingPhase.of(recipe)) {
            result = absolute(result, TrainingPhase.PART + "." + phase.name() + ".data.path");
        }
        return result;
    }

    private static ConfigTree absolute(ConfigTree tree, String key) {
        Optional<Object> path = tree.get(key);
        return path.isEmpty()
                ? tree
                : tree.with(
                        key,
                        Path.of(path.get().toString()).toAbsolutePath().normalize().toString());
    }
}
