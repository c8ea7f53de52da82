package ai.llm360.common.train;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A phase of a training: a run of its own, with other data and another schedule, that begins with
 * the weights of the phase before it.
 *
 * <p>The part {@code phases} of a recipe maps each phase's name to what it changes of the rest:
 *
 * <pre>
 * data: {path: my-data}
 * batch: {global: 8, micro: 8}
 * phases:
 *   phase1: {schedule: {peak: 1e-2, end: 1e-3, warmup: 20}}
 *   phase2: {schedule: {peak: 5e-3, end: 5e-4, warmup: 20}, batch: {micro: 4}}
 * </pre>
 *
 * <p>Maps are merged key by key; lists and scalars take the place of the common ones. What a phase
 * doesn't say itself: its data lie below the common {@code data.path} in a directory of the phase's
 * name, its run is named {@code <name>/<phase>}, and a common {@code start} is the first one's.
 *
 * @param name the phase's name, which is also that of its directories; empty where a recipe has no
 *     phases, and is one by itself
 * @param recipe what the phase computes, a recipe without phases
 */
public record TrainingPhase(String name, ConfigTree recipe) {

    /** The part of a recipe that holds its phases. */
    public static final String PART = "phases";

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]*");

    /**
     * Parts a recipe into its phases.
     *
     * @return its phases, first to last; one without a name if it has none
     * @throws ConfigException if its phases can't be told apart from one another
     */
    public static List<TrainingPhase> of(ConfigTree recipe) {
        Optional<ConfigTree> phases = recipe.part(PART);
        if (phases.isEmpty()) {
            return List.of(new TrainingPhase("", recipe));
        }
        Set<String> names = phases.get().asMap().keySet();
        if (names.isEmpty()) {
            throw new ConfigException("phases is empty; expected the name of at least one");
        }
        List<TrainingPhase> found = new ArrayList<>();
        for (String name : names) {
            if (!NAME.matcher(name).matches()) {
                throw new ConfigException(
                        "phases has '%s'; expected names of letters, digits, dashes and underscores"
                                .formatted(name));
            }
            ConfigTree own = recipe.part(PART + "." + name).orElse(ConfigTree.of(Map.of()));
            found.add(new TrainingPhase(name, whole(recipe.without(PART), name, own, found)));
        }
        return List.copyOf(found);
    }

    private static ConfigTree whole(
            ConfigTree common, String name, ConfigTree own, List<TrainingPhase> before) {
        ConfigTree inherited = before.isEmpty() ? common : common.without("start");
        Optional<Object> title = common.get("name");
        if (title.isPresent()) {
            inherited = inherited.with("name", title.get() + "/" + name);
        }
        Optional<Object> data = common.get("data.path");
        if (data.isPresent()) {
            Path path = Path.of(data.get().toString()).resolve(name);
            inherited = inherited.with("data.path", path.toString());
        }
        return inherited.with(own);
    }

    /**
     * Finds a phase.
     *
     * @param phases phases of one recipe
     * @throws ConfigException if there is none of that name
     */
    public static TrainingPhase find(List<TrainingPhase> phases, String name) {
        return phases.stream()
                .filter(phase -> phase.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new ConfigException(unknown(phases, name)));
    }

    private static String unknown(List<TrainingPhase> phases, String name) {
        if (phases.get(0).name().isEmpty()) {
            return "no phase '%s': the recipe has no phases".formatted(name);
        }
        List<String> names = phases.stream().map(TrainingPhase::name).toList();
        return "no phase '%s': the recipe has %s".formatted(name, String.join(", ", names));
    }

    /**
     * Returns where a phase has its place.
     *
     * @param directory the place of all phases
     * @return the directory of that name in it; the directory itself if the phase has no name
     */
    public Path in(Path directory) {
        return name.isEmpty() ? directory : directory.resolve(name);
    }
}
