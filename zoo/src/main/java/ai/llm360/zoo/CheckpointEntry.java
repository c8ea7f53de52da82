package ai.llm360.zoo;

import ai.djl.MalformedModelException;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.util.Progress;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.run.RunException;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.TrainingState;
import ai.llm360.zoo.catalogue.PublishedCheckpoint;
import ai.llm360.zoo.catalogue.PublishedResults;
import ai.llm360.zoo.catalogue.PublishedResults.Task;
import ai.llm360.zoo.catalogue.Scores;
import ai.llm360.zoo.catalogue.Standing;
import ai.llm360.zoo.djl.MetadataJson;
import ai.llm360.zoo.source.CheckpointDownload;
import ai.llm360.zoo.source.ModelHome;
import ai.llm360.zoo.source.TreeCheckpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * A checkpoint of a {@link Series}, wherever it comes from: what is known of it without opening its
 * weights, and the ways to its weights. The same methods load and read one that LLM360 published,
 * one that the library brings, one of the model home, of a run's directory or of a static tree.
 *
 * <pre>{@code
 * for (CheckpointEntry checkpoint : Series.of("./my-run@0..8:2")) {
 *     TensorRows norm = checkpoint.read("model.norm.weight");
 *     System.out.println(checkpoint.name() + " " + norm.statistics().rms());
 * }
 * }</pre>
 */
public final class CheckpointEntry {

    /** A kind of place that checkpoints come from. */
    public enum Source {
        /** The Hub, or its cache on this machine. */
        HUB,
        /** The model home, {@code <home>/<model>/<checkpoint>}. */
        HOME,
        /** The library's jar. */
        EMBEDDED,
        /** A static tree, of a directory or a web server. */
        TREE,
        /** A path: of a run's checkpoint, of a directory, or of a file of tensors. */
        PATH
    }

    private final Zoo zoo;
    private final String model;
    private final String name;
    private final Standing standing;
    private final Optional<PublishedCheckpoint> published;
    private final Stored stored;

    CheckpointEntry(
            Zoo zoo,
            String model,
            String name,
            Standing standing,
            Optional<PublishedCheckpoint> published,
            Stored stored) {
        this.zoo = zoo;
        this.model = model;
        this.name = name;
        this.standing = standing;
        this.published = published;
        this.stored = stored;
    }

    /** One that LLM360 didn't publish. */
    CheckpointEntry(Zoo zoo, String model, String name, Standing standing, Stored stored) {
        this(zoo, model, name, standing, Optional.empty(), stored);
    }

    /** One that LLM360 published, or of any repository of the Hub. */
    static CheckpointEntry onHub(Zoo zoo, HubReference hub) {
        Optional<PublishedCheckpoint> one = hub.published();
        return new CheckpointEntry(
                zoo,
                one.map(PublishedCheckpoint::model).orElse(hub.repository()),
                one.map(PublishedCheckpoint::name).orElse(hub.revision()),
                one.map(PublishedCheckpoint::standing).orElse(Standing.UNKNOWN),
                one,
                new Stored.OnHub(zoo, hub));
    }

    static CheckpointEntry onHub(Zoo zoo, PublishedCheckpoint one) {
        return onHub(zoo, HubReference.of(one));
    }

    /** One in a directory, of which a run may have said how far it is. */
    static CheckpointEntry at(
            Zoo zoo,
            String model,
            String name,
            Optional<PublishedCheckpoint> published,
            Stored.At at)
            throws IOException {
        return new CheckpointEntry(
                zoo,
                model,
                published.map(PublishedCheckpoint::name).orElse(name),
                published.isPresent() ? published.get().standing() : standing(at.path()),
                published,
                at);
    }

    private static Standing standing(Path directory) throws IOException {
        try {
            TrainingState state = SavedState.open(directory).state();
            return new Standing(
                    Optional.empty(),
                    OptionalLong.of(state.step()),
                    OptionalLong.of(state.tokens()),
                    OptionalDouble.empty());
        } catch (RunException e) {
            return Standing.UNKNOWN; // no run's, or damaged: loading it will tell
        }
    }

    /** {@return the kind of place that it comes from} */
    public Source source() {
        return stored.source();
    }

    /**
     * {@return the model's name; of a run its directory, and in a static tree the model's address,
     * as they were given}
     */
    public String model() {
        return model;
    }

    /** {@return its name, such as {@code ckpt-200}} */
    public String name() {
        return name;
    }

    /** {@return the {@link Reference} that names it, such as {@code amber@ckpt-200}, or a path} */
    public String reference() {
        return name.isEmpty() ? model : model + "@" + name;
    }

    /** {@return the phase of training, where there are phases} */
    public Optional<String> phase() {
        return standing.phase();
    }

    /**
     * {@return the optimizer steps done, where that is known; within the phase, if there are any}
     */
    public OptionalLong step() {
        return standing.step();
    }

    /** {@return the positions trained on since training began, where that is known} */
    public OptionalLong tokens() {
        return standing.tokens();
    }

    /** {@return the mean training loss since the checkpoint before, in nats a token, if known} */
    public OptionalDouble loss() {
        return standing.loss();
    }

    /** {@return the losses on rows held back, in nats a token, by source; empty if not known} */
    public Map<String, Double> validationLoss() {
        return stored instanceof Stored.InJar brought
                ? brought.checkpoint().validationLoss()
                : Map.of();
    }

    /**
     * Reads how it did in an evaluation, as its makers published it, through the Hub's cache.
     *
     * @return the scores; empty if none were published, or if they aren't in the cache while
     *     connections are off
     * @throws IOException if the Hub can't be reached, or the cache can't be written
     */
    public Optional<Scores> scores(Task task) throws IOException {
        return published.isEmpty()
                ? Optional.empty()
                : PublishedResults.read(zoo.client(), task, List.of(published.get()), null)
                        .rows()
                        .get(0)
                        .scores();
    }

    /** {@return the checkpoint that LLM360 published under that name} */
    public Optional<PublishedCheckpoint> published() {
        return published;
    }

    /** {@return its listing in a static tree: its repository, commit and files} */
    public Optional<TreeCheckpoint> tree() {
        return stored instanceof Stored.InTree in ? Optional.of(in.checkpoint()) : Optional.empty();
    }

    /**
     * {@return whether it can be loaded without the network}
     *
     * @throws UncheckedIOException if a cache can't be read
     */
    public boolean isHere() {
        try {
            return stored.isHere();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Returns where its files lie. Nothing is copied or downloaded.
     *
     * @return a directory, or a file if the reference is a path to one; empty if it isn't on this
     *     machine, or if the library brings it and it hasn't been used yet
     * @throws UncheckedIOException if a cache can't be read
     */
    public Optional<Path> directory() {
        try {
            return stored.directory();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * {@return where its files lie, a directory or the file that the reference is a path to: what
     * the library brings is copied, what a web server's tree has is downloaded; the Hub isn't
     * asked}
     *
     * @throws ModelNotFoundException if it is on the Hub alone, saying how to get it
     * @throws IOException if it can't be copied or had, or what lies there is damaged
     */
    public Path path() throws ModelNotFoundException, IOException {
        return stored.get(null);
    }

    /**
     * Finds out what must be downloaded from the Hub before it can be loaded. The Hub is asked for
     * a list of files; none is downloaded.
     *
     * @return the download; empty if it is on this machine, or comes from elsewhere
     * @throws ModelNotFoundException if connections are switched off and it is not on this machine
     * @throws IOException if the Hub doesn't answer, or the cache can't be read
     */
    public Optional<CheckpointDownload> download() throws ModelNotFoundException, IOException {
        if (!(stored instanceof Stored.OnHub wanted) || wanted.isHere()) {
            return Optional.empty();
        }
        if (zoo.hub().offline()) {
            throw new ModelNotFoundException(
                    "HF_HUB_OFFLINE or ai.djl.offline is set, and " + zoo.absent(wanted.hub()));
        }
        return Optional.of(
                CheckpointDownload.of(
                        zoo.client(),
                        wanted.hub().repository(),
                        wanted.hub().revision(),
                        published.isPresent() ? reference() : wanted.hub().toString()));
    }

    /**
     * Brings it here, if it isn't: by a download, or a copy of what the library brings.
     *
     * @param progress is told of downloaded bytes; may be null
     * @return where its files lie
     * @throws ModelNotFoundException if connections are switched off and it is not on this machine
     * @throws IOException if it can't be had or written, or what lies there is damaged
     */
    public Path fetch(Progress progress) throws ModelNotFoundException, IOException {
        Optional<CheckpointDownload> download = download();
        return download.isPresent() ? download.get().run(progress) : stored.get(progress);
    }

    /** Loads a model that continues texts, as {@link Criteria#loadModel(String)} does. */
    public ZooModel<String, String> load()
            throws ModelNotFoundException, MalformedModelException, IOException {
        return criteria(String.class, String.class).loadModel();
    }

    /**
     * Starts to describe how it is loaded: with which types, dtype, device and progress.
     *
     * @param output the output type; {@link GenerationTranslatorFactory} lists the pairs
     */
    public <I, O> Criteria<I, O> criteria(Class<I> input, Class<O> output) {
        return new Criteria<>(() -> this, input, output);
    }

    /**
     * Opens the checkpoint as a lazily read map of tensors: headers only. One that only the Hub has
     * stays there, and its bytes come by ranges, as they are read.
     *
     * @return the checkpoint, the caller's to close
     * @throws ModelNotFoundException if it is nowhere to be had
     * @throws IOException if reading fails, or there are no weights
     */
    public Checkpoint open() throws ModelNotFoundException, IOException {
        return partial().headers();
    }

    /** Reads a tensor of {@link #partial}: see {@link PartialCheckpoint#read(String)}. */
    public TensorRows read(String tensor) throws ModelNotFoundException, IOException {
        return partial().read(tensor);
    }

    /**
     * Reads rows of a tensor of {@link #partial}: see {@link PartialCheckpoint#read(String, long,
     * long)}.
     */
    public TensorRows read(String tensor, long fromRow, long toRow)
            throws ModelNotFoundException, IOException {
        return partial().read(tensor, fromRow, toRow);
    }

    /**
     * {@return the checkpoint, on this machine or else on the Hub, for reading parts of it, and for
     * counting what that transfers}
     *
     * @throws ModelNotFoundException if it is nowhere to be had
     * @throws IOException if the Hub doesn't give it, or reading fails
     */
    public PartialCheckpoint partial() throws ModelNotFoundException, IOException {
        return stored instanceof Stored.OnHub wanted && !wanted.isHere()
                ? PartialCheckpoint.remote(zoo.client(), wanted.hub())
                : PartialCheckpoint.at(path());
    }

    /** Returns where it lies or, if it isn't here yet, where it may be put. */
    Path place() throws IOException {
        return stored.directory().orElse(new ModelHome(zoo.home()).directory(model, name));
    }

    /** Returns the name of its artifact in DJL's metadata. */
    String artifact() {
        return name.isEmpty() ? String.valueOf(Path.of(model).getFileName()) : name;
    }

    /** Describes it to DJL. */
    MetadataJson.Entry metadata() throws IOException {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("checkpoint", artifact());
        published.ifPresent(one -> properties.put("revision", one.revision()));
        standing.putInto(properties);
        Map<String, MetadataJson.File> files = new LinkedHashMap<>();
        Optional<Path> directory = stored.directory().filter(Files::isDirectory);
        if (directory.isPresent()) {
            try (Stream<Path> paths = Files.list(directory.get())) {
                for (Path path : (Iterable<Path>) paths.sorted()::iterator) {
                    if (Files.isRegularFile(path)) {
                        String file = path.getFileName().toString();
                        String uri = path.toUri().toString();
                        files.put(file, new MetadataJson.File(uri, null, Files.size(path), file));
                    }
                }
            }
        }
        return new MetadataJson.Entry("1.0", artifact(), properties, files);
    }

    @Override
    public String toString() {
        return reference();
    }
}
