package ai.llm360.common.run;

import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.io.internal.WholeFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The directory of a training run, open for writing by one process at a time.
 *
 * <pre>
 * config.yaml, data.json                    what the run computes, and on what
 * metrics.jsonl, validation.jsonl, events.jsonl, events.out.tfevents.…       what happened
 * ckpt-000, ckpt-001, …                     the series: each a model, and a state to resume from
 * resume/step-000001500, …                  further states to resume from
 * </pre>
 *
 * <p>Every file and directory here is written whole or not at all, but for the logs, which grow by
 * whole lines. For one thread at a time. A method that can't read or write something throws {@link
 * RunException}, and another {@link IOException} only if the thread is interrupted.
 */
public final class RunDirectory implements AutoCloseable {

    static final String CONFIG = "config.yaml";
    static final String DATA = "data.json";

    private static final String CURE = "see that there is space and the right to write";

    private static final String RESUME =
            CURE + ", then go on with --resume; what was saved before is as it was";

    private final Path path;
    private final RunLock lock;
    private String config;
    private String data;
    private RunLog log;

    private RunDirectory(Path path, RunLock lock, String config, String data) {
        this.path = path;
        this.lock = lock;
        this.config = config;
        this.data = data;
    }

    /** {@return whether a directory, which may be absent, has a {@code config.yaml}} */
    public static boolean exists(Path directory) {
        return Files.exists(directory.resolve(CONFIG));
    }

    /**
     * Begins a run.
     *
     * @param directory where: absent, or an empty directory; its parents are made if absent
     * @param config the resolved configuration, as YAML
     * @param data the manifest of the data, as JSON
     * @return the run, which the caller closes
     */
    public static RunDirectory create(Path directory, String config, String data)
            throws IOException {
        if (exists(directory)) {
            throw new RunException(
                    directory,
                    "holds a run already; go on with it by --resume, or choose another directory");
        }
        try (AtomicDirectory out = AtomicDirectory.begin(directory)) {
            WholeFile.create(out.path().resolve(CONFIG), utf8(config));
            WholeFile.create(out.path().resolve(DATA), utf8(data));
            out.commit();
        } catch (IOException e) {
            throw RunException.explain(directory, "the run can't be made", e, CURE);
        }
        return open(directory);
    }

    /**
     * Opens a run to go on with it, and removes what killed writers left.
     *
     * @throws RunException if there is no run, another process writes it, or it can't be read
     */
    public static RunDirectory open(Path directory) throws IOException {
        if (!exists(directory)) {
            throw new RunException(directory, "holds no run: there is no " + CONFIG + " in it");
        }
        RunLock lock = null;
        try {
            lock = RunLock.take(directory);
            for (Path folder : SavedStates.foldersWrittenTo(directory)) {
                AtomicDirectory.removeLeftovers(folder);
            }
            return new RunDirectory(
                    directory,
                    lock,
                    Files.readString(directory.resolve(CONFIG)),
                    Files.readString(directory.resolve(DATA)));
        } catch (IOException e) {
            if (lock != null) {
                lock.close();
            }
            throw RunException.explain(
                    directory, "the run can't be opened", e, "see that its files are all there");
        }
    }

    /** {@return the directory, as it was given} */
    public Path path() {
        return path;
    }

    /** {@return the configuration, the text of {@code config.yaml}} */
    public String config() {
        return config;
    }

    /** {@return the manifest of the data, the text of {@code data.json}} */
    public String data() {
        return data;
    }

    /**
     * Gives the run another configuration or other data from here on. States saved before keep
     * their own copies. If that fails, each file is whole, the old one or the new.
     */
    public void replaceConfig(String newConfig, String newData) throws IOException {
        try {
            WholeFile.replace(path.resolve(DATA), utf8(newData));
            data = newData;
            WholeFile.replace(path.resolve(CONFIG), utf8(newConfig));
            config = newConfig;
        } catch (IOException e) {
            throw RunException.explain(path, "the configuration can't be written", e, CURE);
        }
    }

    /**
     * {@return the states to resume from, by step; of a checkpoint of the series and a further
     * point of the same step, the former} What is half-written or can't be read is left out.
     */
    public List<SavedState> states() throws IOException {
        return SavedStates.find(path).all();
    }

    /**
     * {@return the state of the highest step, or empty if nothing was saved yet} Its tensors are
     * not read: see {@link SavedState#verify}.
     *
     * @throws RunException if one that may be newer is damaged: nobody's work is dropped silently
     */
    public Optional<SavedState> latest() throws IOException {
        return SavedStates.find(path).latest();
    }

    /**
     * Saves a checkpoint of the series as {@code ckpt-003}. If it is there already and of the same
     * moment, it stays.
     *
     * @return the state on disk
     * @throws RunException if it can't be written, or something else has its name; what was there
     *     stays as it was
     */
    public SavedState saveCheckpoint(int number, StateContents contents) throws IOException {
        return save(SavedStates.checkpoint(path, number), contents);
    }

    /**
     * Saves a further state to resume from, as {@code resume/step-000001500}, as {@link
     * #saveCheckpoint} does.
     */
    public SavedState saveResumePoint(StateContents contents) throws IOException {
        return save(SavedStates.point(path, contents.state().step()), contents);
    }

    private SavedState save(Path target, StateContents contents) throws IOException {
        try {
            if (log != null) {
                log.flush(); // a state never knows more steps than the log
            }
            if (Files.exists(target)) {
                return existing(target, contents);
            }
            Map<String, byte[]> files = new LinkedHashMap<>();
            files.put(CONFIG, utf8(config));
            files.put(DATA, utf8(data));
            contents.write(target, files);
            return SavedState.open(target);
        } catch (IOException e) {
            throw RunException.explain(target, "can't be written", e, RESUME);
        }
    }

    private static SavedState existing(Path target, StateContents contents) throws IOException {
        if (SavedState.isWhole(target)) {
            SavedState state = SavedState.open(target);
            if (state.state().equals(contents.state()) && state.hasOptimizer()) {
                return state;
            }
        }
        throw new RunException(target, "is in the way of a new state; move it elsewhere");
    }

    /**
     * Drops what is not needed to resume. The newest state is never touched, and whatever happens
     * in between, no state looks whole that isn't.
     *
     * @param keepResumePoints how many of {@code resume/step-…} are kept: the newest
     * @param keepOptimizers whether checkpoints of the series keep their optimizer's state once a
     *     later one is there
     */
    public void prune(int keepResumePoints, boolean keepOptimizers) throws IOException {
        SavedStates states = SavedStates.find(path);
        try {
            for (SavedState point : states.superseded(keepResumePoints)) {
                AtomicDirectory.remove(point.path());
            }
            if (!keepOptimizers) {
                for (SavedState state : states.olderOfSeries()) {
                    state.dropOptimizer();
                }
            }
        } catch (IOException e) {
            throw RunException.explain(
                    path, "an old state can't be removed", e, "remove it by hand");
        }
    }

    /**
     * Opens the logs to go on after a step, 0 at a run's beginning. What they say of later steps,
     * which will be done again, is dropped. The caller closes the log.
     */
    public RunLog openLog(long step) throws IOException {
        if (log != null) {
            log.close();
        }
        log = RunLog.open(path, step);
        return log;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Closes the log and lets others write the run. */
    @Override
    public void close() throws IOException {
        try {
            if (log != null) {
                log.close();
            }
        } finally {
            lock.close();
        }
    }
}
