package ai.llm360.common.train;

import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.config.ConfigTree.Difference;
import ai.llm360.common.data.DataManifest;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.RunEvent;
import ai.llm360.common.run.RunLog;
import ai.llm360.common.run.SavedState;
import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Begins the directory of a training run, or opens one to go on with it. */
public final class TrainingRun {

    private static final List<String> TOKENIZER_FILES =
            List.of(
                    "tokenizer.json",
                    "tokenizer.model",
                    "tokenizer_config.json",
                    "special_tokens_map.json",
                    "chat_template.jinja");

    private TrainingRun() {}

    /**
     * Reads a configuration: what it doesn't say is as in {@link TrainingConfig#DEFAULTS}, and the
     * data's path is made absolute, from the working directory on.
     *
     * @param recipe what a recipe says; its part {@code prepare}, which says how the data is made,
     *     is left to who makes it
     * @throws ConfigException if it can't be used, or has phases: each is a recipe of its own, see
     *     {@link TrainingPhase#of}
     */
    public static TrainingConfig config(ConfigTree recipe) {
        if (recipe.get(TrainingPhase.PART).isPresent()) {
            throw new ConfigException(
                    "phases: expected a recipe of one; TrainingPhase.of parts it into its phases");
        }
        ConfigTree tree = recipe.without("prepare");
        String path = tree.bind(TrainingConfig.class, TrainingConfig.DEFAULTS).data().path();
        return tree.with("data.path", Path.of(path).toAbsolutePath().normalize().toString())
                .bind(TrainingConfig.class, TrainingConfig.DEFAULTS);
    }

    /**
     * Reads the configuration that a run is kept with.
     *
     * @return the whole configuration, as {@link #config} made it
     * @throws ConfigException if there is no run
     */
    public static ConfigTree savedConfig(Path directory) throws IOException {
        try {
            return ConfigTree.read(directory.resolve("config.yaml"));
        } catch (NoSuchFileException e) {
            throw new ConfigException(
                    directory + ": holds no run: there is no config.yaml in it", e);
        }
    }

    /**
     * Begins a run.
     *
     * @param directory where: absent, or an empty directory
     * @return the run, which the caller closes
     * @throws IllegalArgumentException if it is to begin with weights that {@link
     *     StartWeights#identify} hasn't identified
     * @throws IOException if something is there, or the directory can't be written
     */
    public static RunDirectory begin(Path directory, TrainingConfig config, DataManifest data)
            throws IOException {
        if (config.start().isPresent() && config.start().get().sha256().isEmpty()) {
            throw new IllegalArgumentException(
                    "start.sha256 is missing, by which a resumed run knows its weights again;"
                            + " StartWeights.identify adds it");
        }
        return RunDirectory.create(directory, ConfigTree.of(config).toYaml(), data.toJson());
    }

    /**
     * Opens a run to go on with it. A change is recorded as an event {@code config_changed}, from
     * the run's newest state on.
     *
     * @param allowChange whether data, steps, schedule, micro-batches, recomputation, validation,
     *     checkpoints and the policy for anomalies may be others than the run was begun with
     * @return the run, which the caller closes
     * @throws ConfigException naming what changed, if it isn't allowed to
     * @throws IOException if there is no run, or another process writes it
     */
    public static RunDirectory resume(
            Path directory, TrainingConfig config, DataManifest data, boolean allowChange)
            throws IOException {
        RunDirectory run = RunDirectory.open(directory);
        try {
            TrainingConfig saved =
                    ConfigTree.parse(run.config())
                            .bind(TrainingConfig.class, TrainingConfig.DEFAULTS);
            List<Difference> changes =
                    new ArrayList<>(ResumeRule.check(saved, config, allowChange));
            if (!run.data().strip().equals(data.toJson())) {
                if (!allowChange) {
                    throw new ConfigException(
                            ("the data set at %s isn't the one that the run was begun with; bring"
                                            + " that one back, or resume with --allow-change")
                                    .formatted(config.data().path()));
                }
                changes.add(
                        new Difference("data", Hashes.sha256(run.data().strip()), data.digest()));
            }
            if (!changes.isEmpty()) {
                record(run, changes);
                run.replaceConfig(ConfigTree.of(config).toYaml(), data.toJson());
            }
            return run;
        } catch (IOException | RuntimeException e) {
            run.close();
            throw e;
        }
    }

    private static void record(RunDirectory run, List<Difference> changes) throws IOException {
        long step = run.latest().map(SavedState::state).map(state -> state.step()).orElse(0L);
        Map<String, Object> details = new LinkedHashMap<>();
        for (Difference change : changes) {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("from", change.from());
            values.put("to", change.to());
            details.put(change.path(), values);
        }
        try (RunLog log = run.openLog(step)) {
            log.event(new RunEvent(step, "config_changed", details));
        }
    }

    /**
     * Returns whether a run has reached its last step.
     *
     * @param plan what it computes
     * @return its last state, with whose weights a further run may begin; empty if it isn't
     *     finished
     * @throws IOException if a state that may be newer can't be read
     */
    public static Optional<SavedState> finished(RunDirectory run, TrainingPlan plan)
            throws IOException {
        return run.latest().filter(saved -> saved.state().step() >= plan.steps());
    }

    /**
     * Returns the files that belong beside a run's weights, so that each of its checkpoints can be
     * loaded by itself: config.json, unless they are an adapter's, and the tokenizer's files where
     * the data set has them.
     *
     * @param config the configuration
     * @return contents by name
     * @throws IOException if one can't be read
     */
    public static Map<String, byte[]> modelFiles(TrainingConfig config) throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        if (config.lora().r() == 0) {
            String json = ConfigTree.of(config.model()).toJson();
            files.put("config.json", json.getBytes(StandardCharsets.UTF_8));
        }
        for (String name : TOKENIZER_FILES) {
            Path file = Path.of(config.data().path(), name);
            if (Files.isRegularFile(file)) {
                files.put(name, Files.readAllBytes(file));
            }
        }
        return files;
    }
}
