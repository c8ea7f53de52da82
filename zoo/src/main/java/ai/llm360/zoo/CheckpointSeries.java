package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Checkpoints of one model in the order of training, whether they are on this machine or not:
 * published by LLM360, brought by the library, of a run, or in a static tree. A part of a series is
 * a series.
 */
public final class CheckpointSeries implements Iterable<ListedCheckpoint> {

    private final ModelHome home;
    private final String model;
    private final List<ListedCheckpoint> checkpoints;
    private final OptionalLong nearestTo;

    private CheckpointSeries(
            ModelHome home,
            String model,
            List<ListedCheckpoint> checkpoints,
            OptionalLong nearestTo) {
        this.home = home;
        this.model = model;
        this.checkpoints = List.copyOf(checkpoints);
        this.nearestTo = nearestTo;
    }

    static CheckpointSeries of(ModelHome home, String reference)
            throws ModelNotFoundException, IOException {
        Optional<SeriesPart> part = SeriesPart.parse(reference);
        if (part.isPresent()) {
            CheckpointSeries all = of(home, part.get().model());
            return all.part(part.get().of(all.checkpoints, all::checkpoint));
        }
        Reference parsed = Reference.parse(reference);
        if (parsed instanceof Reference.Named named) {
            return reference.contains("@") ? of(home, named) : ofModel(home, named.model());
        }
        if (parsed instanceof HubReference) {
            throw new ModelNotFoundException(
                    "'%s' is one revision of a repository; a series is a model's name, such as amber, a run's directory, or a model in a static tree"
                            .formatted(reference));
        }
        return elsewhere(home, reference, parsed);
    }

    /** Returns the series of a run's directory or a static tree, or one checkpoint of it. */
    private static CheckpointSeries elsewhere(ModelHome home, String reference, Reference parsed)
            throws ModelNotFoundException, IOException {
        int at = reference.indexOf('@', reference.lastIndexOf('/') + 1);
        boolean whole =
                at < 0 || (parsed instanceof Reference.AtPath path && Files.exists(path.path()));
        String model = whole ? reference : reference.substring(0, at);
        List<ListedCheckpoint> all =
                parsed instanceof Reference.AtPath path
                        ? RunCheckpoints.list(model, path.path())
                        : TreeModels.select(model).stream()
                                .map(one -> ListedCheckpoint.of(model, one))
                                .toList();
        CheckpointSeries series = new CheckpointSeries(home, model, all, OptionalLong.empty());
        return whole ? series : series.one(reference.substring(at + 1));
    }

    private CheckpointSeries one(String name) throws ModelNotFoundException {
        return new CheckpointSeries(home, model, List.of(checkpoint(name)), TokenCount.parse(name));
    }

    /** Returns one checkpoint as a series, without a look at the others. */
    static CheckpointSeries of(ModelHome home, Reference.Named one)
            throws ModelNotFoundException, IOException {
        return new CheckpointSeries(
                home, one.model(), List.of(find(home, one)), TokenCount.parse(one.checkpoint()));
    }

    private static ListedCheckpoint find(ModelHome home, Reference.Named asked)
            throws ModelNotFoundException, IOException {
        Optional<String> here = home.checkpoint(asked);
        if (here.isPresent()) {
            return inHome(home, asked.model(), here.get());
        }
        Optional<PublishedCheckpoint> published = home.catalogue().find(asked);
        if (published.isPresent()) {
            return ListedCheckpoint.of(published.get(), home.pulled(published.get()));
        }
        throw new ModelNotFoundException(home.explain(asked));
    }

    private static CheckpointSeries ofModel(ModelHome home, String model)
            throws ModelNotFoundException, IOException {
        Catalogue catalogue = home.catalogue();
        Map<String, ListedCheckpoint> all = new LinkedHashMap<>();
        if (catalogue.has(model)) {
            for (PublishedCheckpoint published : catalogue.checkpoints(model)) {
                all.put(published.name(), ListedCheckpoint.of(published, home.pulled(published)));
            }
        }
        for (String name : home.checkpoints(model)) {
            ListedCheckpoint here = inHome(home, model, name);
            all.put(here.name(), here);
        }
        if (all.isEmpty()) {
            Reference.Named any = new Reference.Named(model, Reference.Named.LATEST);
            throw new ModelNotFoundException(home.explain(any));
        }
        List<ListedCheckpoint> ordered = new ArrayList<>(all.values());
        if (catalogue.has(model)) { // else the home has them in their order
            ordered.sort(Comparator.comparingLong(checkpoint -> checkpoint.tokens().orElse(-1)));
        }
        return new CheckpointSeries(home, model, ordered, OptionalLong.empty());
    }

    private static ListedCheckpoint inHome(ModelHome home, String model, String name)
            throws IOException {
        Optional<Path> own = home.own(model, name);
        if (own.isEmpty()) {
            return ListedCheckpoint.of(model, home.brought(model).orElseThrow().checkpoint(name));
        }
        Optional<PublishedCheckpoint> published =
                home.catalogue().find(new Reference.Named(model, name));
        return published.isPresent()
                ? ListedCheckpoint.of(published.get(), own)
                : ListedCheckpoint.of(model, name, own.get());
    }

    private String names() {
        return ModelHome.some(checkpoints.stream().map(ListedCheckpoint::name).toList());
    }

    private CheckpointSeries part(List<ListedCheckpoint> some) {
        return new CheckpointSeries(home, model, some, OptionalLong.empty());
    }

    /**
     * Returns the model.
     *
     * @return its name
     */
    public String model() {
        return model;
    }

    /**
     * Returns the checkpoints.
     *
     * @return the checkpoints, first to last
     */
    public List<ListedCheckpoint> checkpoints() {
        return checkpoints;
    }

    /** {@inheritDoc} From the first of the training to the last. */
    @Override
    public Iterator<ListedCheckpoint> iterator() {
        return checkpoints.iterator();
    }

    /**
     * Returns the number of tokens that was asked for.
     *
     * @return the number, if the series is the checkpoint nearest to one
     */
    public OptionalLong nearestTo() {
        return nearestTo;
    }

    /**
     * Returns when the Hub was asked for the model's branches.
     *
     * @return the time; empty if it wasn't, or if LLM360 published no such model
     */
    public Optional<Instant> asked() {
        return home.catalogue().asked(model);
    }

    /**
     * Returns how many checkpoints of the model LLM360 published, which may be more than are known
     * by name.
     *
     * @return the number; empty for other models
     * @throws ModelNotFoundException never: the model was found
     */
    public Optional<Integer> published() throws ModelNotFoundException {
        return home.catalogue().has(model)
                ? Optional.of(home.catalogue().published(model))
                : Optional.empty();
    }

    /**
     * Returns a checkpoint of the model.
     *
     * @param name its name in any spelling that a {@link Reference} may have, or {@code latest}
     * @return the checkpoint; also a published one that only may exist
     * @throws ModelNotFoundException if there is none, saying what there is
     */
    public ListedCheckpoint checkpoint(String name) throws ModelNotFoundException {
        if (!Reference.NAME.matcher(model).matches()) { // a run's, or a tree's: these are all
            return SeriesPart.find(
                            checkpoints, name, ListedCheckpoint::name, ListedCheckpoint::tokens)
                    .orElseThrow(
                            () ->
                                    new ModelNotFoundException(
                                            "no checkpoint '%s' of %s: there are %s"
                                                    .formatted(name, model, names())));
        }
        try {
            return find(home, new Reference.Named(model, name));
        } catch (IOException e) {
            throw new ModelNotFoundException(e.getMessage(), e);
        }
    }

    /**
     * Returns the checkpoint that is nearest to a number of tokens.
     *
     * @param tokens the positions trained on
     * @return the nearest; of two that are equally far, the earlier one
     * @throws ModelNotFoundException if of no checkpoint it is known how many it has seen
     */
    public ListedCheckpoint nearest(long tokens) throws ModelNotFoundException {
        return SeriesPart.nearest(checkpoints, tokens, ListedCheckpoint::tokens)
                .orElseThrow(
                        () ->
                                new ModelNotFoundException(
                                        "how many tokens the checkpoints of %s have seen is not known"
                                                .formatted(model)));
    }

    /**
     * Returns a range of the series.
     *
     * @param first the first checkpoint, in any spelling
     * @param last the last one that may belong to it, in any spelling
     * @param every 1 for all, 10 for every tenth
     * @return the checkpoints
     * @throws ModelNotFoundException if there is no such checkpoint
     * @throws IllegalArgumentException if the last comes before the first, or {@code every} is less
     *     than 1
     */
    public CheckpointSeries range(String first, String last, int every)
            throws ModelNotFoundException {
        return part(SeriesPart.range(checkpoints, checkpoint(first), checkpoint(last), every));
    }

    /**
     * Returns a sample of the series at even distances, counted in checkpoints.
     *
     * @param count how many: from 2, since both ends are among them, to all
     * @return the checkpoints
     * @throws IllegalArgumentException if {@code count} is another number
     */
    public CheckpointSeries uniform(int count) {
        return part(SeriesPart.uniform(checkpoints, count));
    }
}
