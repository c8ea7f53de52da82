package ai.llm360.zoo;

import ai.djl.repository.Metadata;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.io.internal.NearNames;
import ai.llm360.io.internal.Workers;
import ai.llm360.zoo.catalogue.Catalogue;
import ai.llm360.zoo.catalogue.CheckpointNames;
import ai.llm360.zoo.djl.MetadataJson;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Checkpoints of one model in the order of training, on this machine or not: published by LLM360,
 * brought by the library, of the model home, of a run, or in a static tree. A part of a series is a
 * series.
 *
 * <pre>{@code
 * for (CheckpointEntry checkpoint : Series.of("amber").sample(12)) {
 *     System.out.println(checkpoint.reference() + " " + checkpoint.tokens());
 * }
 * }</pre>
 */
public final class Series implements Iterable<CheckpointEntry> {

    private final String model;
    private final List<CheckpointEntry> checkpoints;
    private final Catalogue known;
    private final Function<String, Optional<CheckpointEntry>> others;
    private final Absence absence;
    private final OptionalLong nearestTo;

    /** Says why there is no checkpoint of a name. */
    interface Absence {
        String explain(String name) throws IOException;
    }

    /** Work that is done for each checkpoint of a series. */
    @FunctionalInterface
    public interface Work<T> {

        T of(CheckpointEntry checkpoint) throws ModelNotFoundException, IOException;
    }

    /**
     * Creates a series.
     *
     * @param others finds a published checkpoint that the list may not show
     */
    Series(
            String model,
            List<CheckpointEntry> checkpoints,
            Catalogue known,
            Function<String, Optional<CheckpointEntry>> others,
            Absence absence,
            OptionalLong nearestTo) {
        this.model = model;
        this.checkpoints = List.copyOf(checkpoints);
        this.known = known;
        this.others = others;
        this.absence = absence;
        this.nearestTo = nearestTo;
    }

    /** {@return a series by the environment's model home and Hub: see {@link Zoo#series}} */
    public static Series of(String reference) throws ModelNotFoundException, IOException {
        return Zoo.ofEnvironment().series(reference);
    }

    /** Makes a series of all that there is of a model that has no name of its own. */
    static Series of(String model, List<CheckpointEntry> all, Catalogue known) {
        String name = model.substring(model.lastIndexOf('/') + 1);
        return new Series(
                model,
                all,
                known,
                // What the catalogue knows by that name may be here by the one it gives.
                asked -> known.find(name, asked).flatMap(found -> named(all, found.name()::equals)),
                asked -> {
                    List<String> names = all.stream().map(CheckpointEntry::name).toList();
                    return "no checkpoint '%s' in %s: there are %s; did you mean %s?"
                            .formatted(
                                    asked,
                                    model,
                                    CheckpointNames.some(names),
                                    String.join(" or ", NearNames.of(asked, names)));
                },
                OptionalLong.empty());
    }

    private Series part(List<CheckpointEntry> some, OptionalLong nearest) {
        return new Series(model, some, known, others, absence, nearest);
    }

    /** Returns one checkpoint as a series. */
    Series one(String name) throws ModelNotFoundException, IOException {
        return part(List.of(checkpoint(name)), CheckpointNames.tokens(name));
    }

    /** {@return the model's name, a run's directory, or the address of a model in a tree} */
    public String model() {
        return model;
    }

    /** {@return the checkpoints, first to last; never none} */
    public List<CheckpointEntry> checkpoints() {
        return checkpoints;
    }

    /** {@inheritDoc} From the first of the training to the last. */
    @Override
    public Iterator<CheckpointEntry> iterator() {
        return checkpoints.iterator();
    }

    /** {@return the first checkpoint} */
    public CheckpointEntry first() {
        return checkpoints.get(0);
    }

    /** {@return the last checkpoint} */
    public CheckpointEntry last() {
        return checkpoints.get(checkpoints.size() - 1);
    }

    /** {@return the number of tokens that was asked for, if the series is the nearest to one} */
    public OptionalLong nearestTo() {
        return nearestTo;
    }

    /** {@return when the Hub was asked for the model's branches; empty if it wasn't} */
    public Optional<Instant> asked() {
        return known.asked(model);
    }

    /**
     * {@return the number of checkpoints that LLM360 published, which may be more than are known by
     * name; empty for other models}
     */
    public Optional<Integer> published() {
        return known.published(model);
    }

    /**
     * {@return a checkpoint of the model; also a published one that only may exist}
     *
     * @param name its name in any spelling that a {@link Reference} may have; {@code latest} is the
     *     last, and {@code 1.0T-tokens} the nearest to that many
     * @throws ModelNotFoundException if there is none, saying what there is
     * @throws IOException if the model home can't be read
     */
    public CheckpointEntry checkpoint(String name) throws ModelNotFoundException, IOException {
        Optional<CheckpointEntry> found = named(name).or(() -> other(name));
        if (found.isEmpty()) {
            throw new ModelNotFoundException(absence.explain(name));
        }
        return found.get();
    }

    private static Optional<CheckpointEntry> named(
            List<CheckpointEntry> all, Predicate<String> name) {
        return all.stream().filter(one -> name.test(one.name())).findFirst();
    }

    private Optional<CheckpointEntry> named(String name) {
        OptionalLong tokens = CheckpointNames.tokens(name);
        return named(checkpoints, own -> CheckpointNames.same(own, name))
                .or(() -> name.equals(CheckpointNames.LATEST) ? latest() : Optional.empty())
                .or(
                        () ->
                                tokens.isEmpty()
                                        ? Optional.empty()
                                        : CheckpointNames.nearest(
                                                checkpoints,
                                                tokens.getAsLong(),
                                                CheckpointEntry::tokens));
    }

    /** Of a published model, the last one that was published, whatever the model home has. */
    private Optional<CheckpointEntry> latest() {
        return others.apply(CheckpointNames.LATEST).isPresent()
                ? Optional.empty()
                : Optional.of(last());
    }

    private Optional<CheckpointEntry> other(String name) {
        Optional<CheckpointEntry> other = others.apply(name);
        return other.flatMap(found -> named(checkpoints, found.name()::equals)).or(() -> other);
    }

    /**
     * {@return the checkpoint that is nearest to a number of tokens; of two that are equally far,
     * the earlier one}
     *
     * @param tokens the positions trained on
     * @throws ModelNotFoundException if of no checkpoint it is known how many it has seen
     */
    public CheckpointEntry nearest(long tokens) throws ModelNotFoundException {
        return CheckpointNames.nearest(checkpoints, tokens, CheckpointEntry::tokens)
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
     * @param every the stride: 1 for all, 10 for every tenth
     * @throws ModelNotFoundException if there is no such checkpoint
     * @throws IllegalArgumentException if the last comes before the first, or {@code every} is less
     *     than 1
     */
    public Series range(String first, String last, int every) throws ModelNotFoundException {
        int from;
        int to;
        try {
            from = checkpoints.indexOf(checkpoint(first));
            to = checkpoints.indexOf(checkpoint(last));
        } catch (IOException e) {
            throw new ModelNotFoundException(e.getMessage(), e);
        }
        if (from < 0 || to < from || every < 1) {
            throw new IllegalArgumentException(
                    "write first..last:every with two known checkpoints, the earlier one first,"
                            + " such as amber@0..359:10");
        }
        List<CheckpointEntry> selected = new ArrayList<>();
        for (int i = from; i <= to; i += every) {
            selected.add(checkpoints.get(i));
        }
        return part(selected, OptionalLong.empty());
    }

    /**
     * Returns a sample of the series at even distances, counted in checkpoints.
     *
     * @param count the size: from 2, since both ends are among them, to all
     * @throws IllegalArgumentException if {@code count} is another number
     */
    public Series sample(int count) {
        if (count < 2 || count > checkpoints.size()) {
            throw new IllegalArgumentException(
                    "a uniform sample has its first and its last checkpoint, and so 2 to %d of them, not %d"
                            .formatted(checkpoints.size(), count));
        }
        double distance = (checkpoints.size() - 1) / (count - 1.0);
        return part(
                IntStream.range(0, count)
                        .mapToObj(i -> checkpoints.get((int) Math.round(i * distance)))
                        .toList(),
                OptionalLong.empty());
    }

    /**
     * Sweeps over the series: does some work for each checkpoint, several at once.
     *
     * @param atOnce the number of checkpoints that are worked on at once
     * @param work is called from other threads
     * @return the results, first to last
     * @throws ModelNotFoundException if a checkpoint is nowhere to be had
     * @throws IOException if reading fails, or on an interrupt
     */
    public <T> List<T> sweep(int atOnce, Work<T> work) throws ModelNotFoundException, IOException {
        List<Callable<T>> tasks = new ArrayList<>();
        checkpoints.forEach(one -> tasks.add(() -> work.of(one)));
        try (Workers workers = new Workers("llm360-sweep", Math.min(atOnce, checkpoints.size()))) {
            return workers.all(tasks);
        } catch (IllegalStateException e) {
            if (e.getCause() instanceof ModelNotFoundException absent) {
                throw absent;
            }
            throw e;
        }
    }

    /**
     * Describes the series to DJL.
     *
     * @return metadata with an artifact for each checkpoint, the last first, which have the
     *     properties {@code checkpoint}, and where they are known {@code revision}, {@code phase},
     *     {@code step} and {@code tokens}; of those that lie on this machine, the files
     * @throws IOException if a directory can't be listed
     */
    public Metadata metadata() throws IOException {
        return MetadataJson.toDjl(metadataJson());
    }

    /**
     * {@return the text of the {@link #metadata}, as a repository of DJL's has it at {@link
     * MetadataJson#directory}}
     *
     * @throws IOException if a directory can't be listed
     */
    public String metadataJson() throws IOException {
        List<MetadataJson.Entry> entries = new ArrayList<>();
        for (CheckpointEntry checkpoint : checkpoints) {
            entries.add(0, checkpoint.metadata()); // DJL takes the first where no filter chooses
        }
        return MetadataJson.write(
                model.substring(model.lastIndexOf('/') + 1),
                entries,
                DecoderBlockFactory.ARGUMENTS);
    }
}
