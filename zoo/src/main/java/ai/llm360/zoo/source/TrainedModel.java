package ai.llm360.zoo.source;

import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.run.PhasedRun;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.zoo.catalogue.CheckpointNames;
import ai.llm360.zoo.catalogue.Standing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The checkpoints that a directory holds: those of a run, of all runs of a training in phases, or
 * of a series such as the model home has, {@code <model>/<checkpoint>/config.json}.
 *
 * @param name what the training calls itself, or else the directory's name
 * @param checkpoints in the order of training
 */
public record TrainedModel(String name, List<Source> checkpoints) {

    private static final Pattern CHECKPOINT = Pattern.compile("ckpt-\\d{3,9}");
    private static final Pattern MODEL =
            Pattern.compile(".*\\.(?:safetensors|bin)|.*/tokenizer\\.(?:json|model)");

    /**
     * A checkpoint's directory.
     *
     * @param name the checkpoint's name, such as {@code ckpt-003}
     * @param directory where it lies
     * @param standing where the training stood
     * @param saved what a run saved, which can be checked; empty for a directory of another origin
     */
    public record Source(
            String name, Path directory, Standing standing, Optional<SavedState> saved) {}

    /**
     * {@return whether a directory is a run's, or that of a training in phases, and no checkpoint
     * itself, so that it may stand for its last checkpoint}
     */
    public static boolean isRun(Path directory) {
        return !Files.exists(directory.resolve("config.json"))
                && (PhasedRun.exists(directory) || RunDirectory.exists(directory));
    }

    /**
     * {@return whether a directory holds checkpoints, rather than being one: it is a run's, that of
     * a training in phases, or one of directories with a {@code config.json} each}
     *
     * @throws IOException if it can't be listed
     */
    public static boolean isOne(Path directory) throws IOException {
        if (isRun(directory)) {
            return true;
        }
        if (Files.exists(directory.resolve("config.json"))) {
            return false;
        }
        try (Stream<Path> files = Files.list(directory)) {
            boolean isModel = files.anyMatch(file -> MODEL.matcher(file.toString()).matches());
            return !isModel && !ofSeries(directory).isEmpty();
        }
    }

    /**
     * Lists a directory's checkpoints.
     *
     * @param directory the directory of a run, of a training in phases, or of checkpoints
     * @param withLosses whether the runs' logs are read for training losses
     * @return the checkpoints; never none
     * @throws TreeException if there are none
     * @throws ai.llm360.common.run.RunException if one is damaged
     */
    public static TrainedModel of(Path directory, boolean withLosses) throws IOException {
        String fallback = directory.toAbsolutePath().normalize().getFileName().toString();
        List<Source> found;
        Optional<String> name = Optional.empty();
        if (PhasedRun.exists(directory)) {
            ConfigTree recipe = ConfigTree.parse(PhasedRun.recipe(directory));
            name = name(recipe);
            found = ofPhases(directory, recipe, withLosses);
        } else if (RunDirectory.exists(directory)) {
            name = name(ConfigTree.read(directory.resolve("config.yaml")));
            found = ofRun(directory, Optional.empty(), 0, withLosses);
        } else {
            found = ofSeries(directory);
        }
        if (found.isEmpty()) {
            throw new TreeException(
                    directory,
                    "holds no checkpoint: expected a run's directory with ckpt-000 and so on, or"
                            + " one of directories with a config.json and weights each");
        }
        return new TrainedModel(name.orElse(fallback), found);
    }

    /** A phase by itself is named {@code nano/phase1}. */
    private static Optional<String> name(ConfigTree recipe) {
        return recipe.get("name").map(name -> name.toString().replace('/', '-'));
    }

    private static List<Source> ofPhases(Path training, ConfigTree recipe, boolean withLosses)
            throws IOException {
        List<Source> found = new ArrayList<>();
        long tokens = 0;
        for (String phase : recipe.part("phases").orElseThrow().asMap().keySet()) {
            Path run = training.resolve(phase);
            if (RunDirectory.exists(run)) {
                List<Source> ofPhase = ofRun(run, Optional.of(phase), tokens, withLosses);
                found.addAll(ofPhase);
                if (!ofPhase.isEmpty()) {
                    tokens = ofPhase.get(ofPhase.size() - 1).standing().tokens().orElseThrow();
                }
            }
        }
        return found;
    }

    private static List<Source> ofRun(
            Path run, Optional<String> phase, long tokensBefore, boolean withLosses)
            throws IOException {
        List<SavedState> states = new ArrayList<>();
        for (Path directory : directories(run)) {
            if (CHECKPOINT.matcher(directory.getFileName().toString()).matches()
                    && Files.exists(directory.resolve("manifest.json"))) {
                states.add(SavedState.open(directory));
            }
        }
        Optional<Path> end = endWithinChunk(run);
        if (end.isPresent()) {
            SavedState last = SavedState.open(end.get());
            if (states.stream().noneMatch(s -> s.state().step() == last.state().step())) {
                states.add(last);
            }
        }
        states.sort(Comparator.comparingLong(state -> state.state().step()));
        Map<Long, Double> losses = withLosses ? losses(run) : Map.of();
        List<Source> found = new ArrayList<>();
        long before = 0;
        for (SavedState state : states) {
            long step = state.state().step();
            Standing standing =
                    new Standing(
                            phase,
                            OptionalLong.of(step),
                            OptionalLong.of(tokensBefore + state.state().tokens()),
                            mean(losses, before, step));
            String name = phase.map(one -> "%s-%06d".formatted(one, step)).orElse(state.name());
            found.add(new Source(name, state.path(), standing, Optional.of(state)));
            before = step;
        }
        return found;
    }

    /**
     * Finds the last state of a run that its configured steps ended within a chunk. It lies among
     * the points to resume from, as the chunk's own checkpoint may still follow, if the run is
     * given more steps.
     */
    private static Optional<Path> endWithinChunk(Path run) throws IOException {
        Object steps = ConfigTree.read(run.resolve("config.yaml")).get("steps").orElse(0L);
        long last = steps instanceof Long number ? number : 0;
        Path end = run.resolve(String.format(Locale.ROOT, "resume/step-%09d", last));
        return Optional.of(end).filter(state -> Files.exists(state.resolve("manifest.json")));
    }

    private static Map<Long, Double> losses(Path run) throws IOException {
        Map<Long, Double> losses = new LinkedHashMap<>();
        if (Files.exists(run.resolve("metrics.jsonl"))) {
            StepMetrics.read(run).forEach(step -> losses.put(step.step(), step.loss()));
        }
        return losses;
    }

    private static OptionalDouble mean(Map<Long, Double> losses, long after, long last) {
        return losses.entrySet().stream()
                .filter(step -> step.getKey() > after && step.getKey() <= last)
                .mapToDouble(Map.Entry::getValue)
                .average();
    }

    private static List<Source> ofSeries(Path directory) throws IOException {
        return directories(directory).stream()
                .filter(one -> Files.exists(one.resolve("config.json")))
                .sorted(
                        Comparator.comparing(
                                one -> one.getFileName().toString(), CheckpointNames.ORDER))
                .map(
                        one ->
                                new Source(
                                        one.getFileName().toString(),
                                        one,
                                        Standing.UNKNOWN,
                                        Optional.empty()))
                .toList();
    }

    private static List<Path> directories(Path parent) throws IOException {
        if (!Files.isDirectory(parent)) {
            throw new TreeException(parent, "is no directory; give that of a training run");
        }
        return ModelHome.directories(parent).stream().map(parent::resolve).toList();
    }
}
