package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubRetry;
import ai.llm360.hub.HubSettings;
import ai.llm360.zoo.catalogue.Catalogue;
import ai.llm360.zoo.catalogue.CheckpointNames;
import ai.llm360.zoo.catalogue.PublishedCheckpoint;
import ai.llm360.zoo.source.EmbeddedSeries;
import ai.llm360.zoo.source.ModelHome;
import ai.llm360.zoo.source.StaticTree;
import ai.llm360.zoo.source.TrainedModel;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;

/**
 * Finds models and checkpoints by name: published by LLM360, brought by the library, or put on this
 * machine; and by path, in static trees and on the Hub. A zoo is a model home and a Hub, and
 * several may live in one process.
 *
 * <pre>{@code
 * Zoo zoo = Zoo.builder().optHome(Path.of("/srv/models")).build();
 * for (CheckpointEntry checkpoint : zoo.series("amber").sample(12)) {
 *     System.out.println(checkpoint.reference() + " " + checkpoint.tokens());
 * }
 * }</pre>
 *
 * <p>Where a reference names nothing, {@link ModelNotFoundException} says what there is; {@link
 * IOException} tells that the model home, an answer of the Hub that it keeps, the Hub's cache or a
 * tree can't be read. May be used from several threads at once. Names and small files are read anew
 * by each call. It is past 400 lines because all ways to a checkpoint and its builder are here.
 */
public final class Zoo {

    private final Path home;
    private final StaticTree.Settings settings;
    private final Consumer<HubRetry> retries;
    private final List<EmbeddedSeries> embedded;
    private HubClient client;

    private Zoo(Builder builder) {
        home = builder.home;
        settings = builder.settings;
        retries = builder.retries;
        embedded = builder.embedded;
    }

    /**
     * {@return the model home of the system property {@code llm360.home}, else of the environment
     * variable {@code LLM360_HOME}, else {@code ~/.llm360}, and the Hub of {@link
     * HubSettings#ofEnvironment}}
     */
    public static Zoo ofEnvironment() {
        return builder().build();
    }

    /** {@return a builder that has the environment's model home and Hub} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return the model home, which may be absent} */
    public Path home() {
        return home;
    }

    /**
     * Returns the Hub's settings.
     *
     * @throws IOException if the environment's make no sense
     */
    public HubSettings hub() throws IOException {
        return settings.read();
    }

    /**
     * Returns the client for all that this zoo asks the Hub.
     *
     * @throws IOException if the environment's settings make no sense
     */
    public synchronized HubClient client() throws IOException {
        if (client == null) {
            client = HubClient.builder().setSettings(hub()).optRetryListener(retries).build();
        }
        return client;
    }

    /** {@return the directory that downloaded training data is kept in, which may be absent} */
    public Path dataCache() {
        return home.resolve(".maven"); // hidden from the list of models
    }

    List<EmbeddedSeries> embedded() {
        return embedded;
    }

    Optional<EmbeddedSeries> embedded(String model) {
        return embedded.stream().filter(series -> series.model().equals(model)).findFirst();
    }

    /**
     * Returns what LLM360 published, as far as it is known on this machine. The Hub isn't asked.
     *
     * @return the catalogue, with the Hub's earlier answers
     */
    public Catalogue catalogue() throws IOException {
        return Catalogue.in(home);
    }

    /** Asks the Hub for a model's branches, as {@link Catalogue#refresh} does. */
    public Catalogue refresh(String model) throws ModelNotFoundException, IOException {
        return Catalogue.refresh(model, client(), home);
    }

    /**
     * Returns the catalogue; but if a reference is one that the Hub may know better, and hasn't
     * been asked about, it is asked first. To be called where the network is going to be used
     * anyway.
     *
     * @param reference {@code model@checkpoint} or a range
     * @return the catalogue; without the Hub's answer where it gives none, as a mirror may, or
     *     where the answer can't be kept
     * @throws IOException if an answer that was kept can't be read, or on an interrupt
     */
    public Catalogue deciding(String reference) throws IOException {
        Catalogue known = catalogue();
        Optional<SeriesPart> part = SeriesPart.parse(reference);
        Matcher name = Reference.NAME.matcher(reference);
        if (part.isPresent()) {
            String model = part.get().model();
            return known.isIncomplete(model, true) ? asked(model, known) : known;
        }
        return name.matches()
                        && known.isOpen(
                                name.group(1),
                                Optional.ofNullable(name.group(2)).orElse(CheckpointNames.LATEST))
                ? asked(name.group(1), known)
                : known;
    }

    private Catalogue asked(String model, Catalogue known) throws IOException {
        try {
            return refresh(model);
        } catch (InterruptedIOException e) {
            throw e;
        } catch (ModelNotFoundException | IOException e) {
            return known; // what is wrong with the Hub, the request itself will tell
        }
    }

    /**
     * {@return the models' names: of what LLM360 published, what the library brings, and what the
     * model home holds beside}
     */
    public List<String> models() throws IOException {
        Set<String> names = new LinkedHashSet<>(catalogue().models());
        embedded.forEach(series -> names.add(series.model()));
        names.addAll(new ModelHome(home).models());
        return List.copyOf(names);
    }

    /**
     * Returns a model's checkpoints, or some of them. The Hub isn't asked; of a web server's tree
     * its list is.
     *
     * @param reference a model's name for all, such as {@code amber}; a range, such as {@code
     *     amber@0..359:10}; a sample, spread evenly, {@code amber@uniform:12}; or one, {@code
     *     amber@ckpt-200}. The model may also be the directory of a run, {@code ./my-run@0..8:2},
     *     or one in a static tree.
     */
    public Series series(String reference) throws ModelNotFoundException, IOException {
        Catalogue known = catalogue();
        Optional<SeriesPart> part = SeriesPart.parse(reference);
        if (part.isPresent()) {
            return part.get().of(whole(part.get().model(), known));
        }
        int at = reference.indexOf('@', reference.lastIndexOf('/') + 1);
        boolean one = at >= 0 && !isWhole(Reference.parse(reference));
        return one
                ? whole(reference.substring(0, at), known).one(reference.substring(at + 1))
                : whole(reference, known);
    }

    /** Returns whether an {@code @} is a part of a path that there is, or of a Hub's revision. */
    private static boolean isWhole(Reference reference) {
        return reference instanceof HubReference
                || (reference instanceof Reference.AtPath at && Files.exists(at.path()));
    }

    private Series whole(String model, Catalogue known) throws ModelNotFoundException, IOException {
        Reference parsed = Reference.parse(model);
        if (parsed instanceof Reference.Named named) {
            return new NamedModel(this, known, named.model()).series();
        }
        if (parsed instanceof Reference.AtPath at) {
            return RunCheckpoints.series(this, known, model, at.path());
        }
        if (parsed instanceof Reference.InTree inTree) {
            return series(model, inTree, known);
        }
        throw new ModelNotFoundException(
                "'%s' is one revision of a repository; a series is a model's name, such as amber, a run's directory, or a model in a static tree"
                        .formatted(model));
    }

    private Series series(String model, Reference.InTree reference, Catalogue known)
            throws IOException {
        StaticTree tree = StaticTree.at(reference.tree(), home.resolve(".trees"), this::hub);
        return Series.of(
                model,
                tree.checkpoints(reference.model()).stream()
                        .map(
                                one ->
                                        new CheckpointEntry(
                                                this,
                                                model,
                                                one.name(),
                                                one.standing(),
                                                new Stored.InTree(tree, one)))
                        .toList(),
                known);
    }

    /**
     * {@return the checkpoints of a model that LLM360 published, or some of them, whatever is on
     * this machine, each with what was {@link CheckpointEntry#published}}
     *
     * @param reference a model's name with a checkpoint or a range of those that are known by name;
     *     without one, the last
     * @throws ModelNotFoundException if LLM360 published none, saying what there is
     */
    public Series published(String reference) throws ModelNotFoundException, IOException {
        Catalogue known = catalogue();
        Optional<SeriesPart> part = SeriesPart.parse(reference);
        if (part.isPresent()) {
            return part.get().of(published(part.get().model(), known));
        }
        if (!(Reference.parse(reference) instanceof Reference.Named named)) {
            throw new ModelNotFoundException(
                    "'%s' is a path; the catalogue has names, such as amber@ckpt-200"
                            .formatted(reference));
        }
        return published(named.model(), known).one(named.checkpoint());
    }

    private Series published(String model, Catalogue known) throws ModelNotFoundException {
        return new Series(
                model,
                known.checkpoints(model).stream()
                        .map(one -> CheckpointEntry.onHub(this, one))
                        .toList(),
                known,
                name -> known.find(model, name).map(one -> CheckpointEntry.onHub(this, one)),
                name ->
                        "no checkpoint '%s': %s"
                                .formatted(name, known.explain(model, name).orElseThrow()),
                OptionalLong.empty());
    }

    /**
     * {@return the Hub's revisions that a reference names, in the order of training}
     *
     * @param reference a published checkpoint, such as {@code amber@ckpt-200}, or a range of them,
     *     such as {@code amber@0..359:40}; or, with a slash in it, any repository and its revision,
     *     such as {@code LLM360/Amber@ckpt_200}, without {@code @} its branch {@code main}
     * @throws ModelNotFoundException if LLM360 published no such checkpoint, saying what there is
     */
    public List<HubReference> onHub(String reference) throws ModelNotFoundException, IOException {
        Catalogue known = catalogue();
        Optional<HubReference> any = HubReference.parseAny(reference);
        if (any.isPresent()) {
            String repository = any.get().repository();
            String revision = known.revision(repository, any.get().revision());
            return List.of(new HubReference(repository, revision, Optional.empty()));
        }
        String model = SeriesPart.parse(reference).map(SeriesPart::model).orElse(reference);
        Matcher name = Reference.NAME.matcher(model);
        boolean here =
                name.matches()
                        && !known.has(name.group(1))
                        && (embedded(name.group(1)).isPresent()
                                || !new ModelHome(home).checkpoints(name.group(1)).isEmpty());
        if (here || reference.contains("/")) {
            throw new ModelNotFoundException(
                    "'%s' is not on the Hub%s: expected a published checkpoint, such as amber@ckpt-200, several, such as amber@0..359:40, or a repository and its revision, such as LLM360/Amber@main"
                            .formatted(
                                    reference,
                                    here
                                            ? ", but comes with the library or lies in the model"
                                                    + " home"
                                            : ""));
        }
        return published(reference).checkpoints().stream()
                .map(one -> HubReference.of(one.published().orElseThrow()))
                .toList();
    }

    /**
     * Finds a checkpoint, on this machine or not. The Hub isn't asked; of a web server's tree its
     * list is.
     *
     * @param reference any {@link Reference}
     */
    public CheckpointEntry checkpoint(String reference) throws ModelNotFoundException, IOException {
        return find(Reference.parse(reference), catalogue());
    }

    /**
     * Finds a checkpoint that is to be loaded or read: as {@link #checkpoint} does, but where only
     * the Hub's list of branches can tell which one is meant, the Hub is asked first, once.
     *
     * @param reference any {@link Reference}
     */
    public CheckpointEntry resolve(String reference) throws ModelNotFoundException, IOException {
        Reference parsed = Reference.parse(reference);
        Catalogue known = catalogue();
        CheckpointEntry found = find(parsed, known);
        if (parsed instanceof Reference.Named named
                && known.isOpen(named.model(), named.checkpoint())
                && (known.needsList(named.model(), named.checkpoint()) || !found.isHere())) {
            return find(parsed, asked(named.model(), known));
        }
        return found;
    }

    private CheckpointEntry find(Reference reference, Catalogue known)
            throws ModelNotFoundException, IOException {
        if (reference instanceof Reference.Named named) {
            return runsLast(
                    new NamedModel(this, known, named.model())
                            .series()
                            .checkpoint(named.checkpoint()),
                    known);
        }
        if (reference instanceof Reference.InTree inTree) {
            String model = "llm360+" + inTree.tree() + inTree.model();
            return series(model, inTree, known).checkpoint(inTree.checkpoint());
        }
        if (reference instanceof HubReference hub) {
            return CheckpointEntry.onHub(this, hub);
        }
        Path path = ((Reference.AtPath) reference).path().toAbsolutePath().normalize();
        return RunCheckpoints.find(this, known, path);
    }

    /** Of a training in phases in the model home, a phase is a run, and stands for its last. */
    private CheckpointEntry runsLast(CheckpointEntry found, Catalogue known)
            throws ModelNotFoundException, IOException {
        return found.source() == CheckpointEntry.Source.HOME && TrainedModel.isRun(found.path())
                ? RunCheckpoints.find(this, known, found.path())
                : found;
    }

    /**
     * Returns one or several checkpoints.
     *
     * @param reference any {@link Reference}, or a range or sample of a series
     */
    public Series select(String reference) throws ModelNotFoundException, IOException {
        if (Reference.isSeveral(reference)) {
            deciding(reference);
            return series(reference);
        }
        CheckpointEntry one = resolve(reference);
        return Series.of(one.model(), List.of(one), catalogue());
    }

    /**
     * Finds the directory of a whole series on this machine.
     *
     * @param reference a path, or the name of a model in the model home
     * @return the directory of a run, of a training in phases, or of checkpoints
     * @throws ModelNotFoundException if it is neither
     */
    public Path directory(String reference) throws ModelNotFoundException {
        Reference parsed = Reference.parse(reference);
        if (parsed instanceof Reference.AtPath at) {
            return at.path();
        }
        if (parsed instanceof Reference.Named) {
            for (Path path : List.of(Path.of(reference), home.resolve(reference))) {
                if (Files.isDirectory(path)) {
                    return path;
                }
            }
        }
        throw new ModelNotFoundException(
                "'%s' is no training on this machine: expected its directory, or its name in %s"
                        .formatted(reference, home));
    }

    /**
     * Starts to describe a model that is loaded from this zoo.
     *
     * @param output the output type; {@link GenerationTranslatorFactory} lists the pairs
     */
    public <I, O> Criteria<I, O> criteria(String reference, Class<I> input, Class<O> output) {
        return new Criteria<>(() -> resolve(reference), input, output);
    }

    /** Says that a published checkpoint isn't here, and how to get it. */
    String absent(HubReference hub) throws IOException {
        if (hub.published().isEmpty()) {
            return "%s is not on this machine: llm360 pull %1$s downloads it".formatted(hub);
        }
        PublishedCheckpoint checkpoint = hub.published().get();
        return "%s is not on this machine: %s; llm360 pull %s downloads it; or put the files of %s, revision %s, into %s (LLM360_HOME names another home)"
                .formatted(
                        checkpoint.reference(),
                        NamedModel.inHome(this, checkpoint.model()),
                        checkpoint.reference(),
                        checkpoint.repository(),
                        checkpoint.revision(),
                        new ModelHome(home).directory(checkpoint.model(), checkpoint.name()));
    }

    /** Builds a {@link Zoo}. */
    public static final class Builder {

        private Path home = ModelHome.ofEnvironment();
        private StaticTree.Settings settings = HubSettings::ofEnvironment;
        private Consumer<HubRetry> retries = retry -> {};
        private List<EmbeddedSeries> embedded = EmbeddedSeries.all();

        private Builder() {}

        /**
         * Sets the directory that holds checkpoints by name, which may be absent; by default the
         * environment's.
         */
        public Builder optHome(Path home) {
            this.home = home;
            return this;
        }

        /** Sets the Hub and its cache; by default the environment's. */
        public Builder optHub(HubSettings hub) {
            settings = () -> hub;
            return this;
        }

        /** Sets who is told of retries: see {@link HubClient.Builder#optRetryListener}. */
        public Builder optRetryListener(Consumer<HubRetry> retries) {
            this.retries = retries;
            return this;
        }

        /** Sets the series that come in a jar; by default those of this library. */
        public Builder optEmbedded(List<EmbeddedSeries> embedded) {
            this.embedded = List.copyOf(embedded);
            return this;
        }

        /** Builds the zoo. */
        public Zoo build() {
            return new Zoo(this);
        }
    }
}
