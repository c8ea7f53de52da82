package ai.llm360.analysis.series;

import ai.djl.ModelException;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.io.internal.Workers;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.Series;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Predicate;

/**
 * Finds where a training first saw a text: the chunk, the row, the step, and the checkpoints around
 * it.
 *
 * <p>All rows are read, in one pass without an index: a lookup a token, which a disk hardly keeps
 * up with. The text is compared with what the rows' tokens spell, byte for byte, so it is found
 * however it was tokenized, also where it begins or ends within a token. It isn't found across two
 * rows, which no step sees together, nor across special tokens.
 */
public final class FirstSeen {

    private static final int ROWS_AT_ONCE = 4096;

    private final TokenDataset data;
    private final TextSearch search;
    private final Optional<SeenOrder> order;

    /**
     * Creates a search.
     *
     * @param tokenizer the one that the data was made with
     * @param order the order of the training; without one, no step is told
     * @throws IllegalArgumentException if the text is empty or has more than 65,536 bytes
     */
    public FirstSeen(
            TokenDataset data, Tokenizer tokenizer, String text, Optional<SeenOrder> order) {
        this.data = data;
        this.order = order;
        search = new TextSearch(tokenizer, text, data.manifest().vocabularySize());
    }

    /**
     * The occurrences of the text in a chunk.
     *
     * @param chunk the chunk's number
     * @param rows the number of its rows that hold it
     * @param occurrences the number of times that they do, which may overlap
     * @param sources the occurrences of each source
     * @param row the row that is seen first of them or, where the order isn't known or none is
     *     seen, the one of the lowest number; empty if there is none
     * @param step the optimizer step that sees it, from 1; empty if that isn't known, or none does
     */
    public record Occurrences(
            int chunk,
            long rows,
            long occurrences,
            Map<String, Long> sources,
            OptionalLong row,
            OptionalLong step) {}

    /** A row that holds the text. */
    private record Hit(long row, int occurrences) {}

    /**
     * Searches a chunk, whose hash is verified.
     *
     * @param threads the threads to search with
     * @throws IOException if the chunk is missing or damaged, or on an interrupt
     */
    public Occurrences search(int chunk, int threads) throws IOException {
        List<Hit> hits = new ArrayList<>();
        Map<String, Long> sources = new TreeMap<>();
        try (TokenChunk file = data.openChunk(chunk);
                Workers workers = new Workers("llm360-search", threads)) {
            List<Callable<List<Hit>>> tasks = new ArrayList<>();
            for (long first = 0; first < file.rows(); first += ROWS_AT_ONCE) {
                long from = first;
                long to = Math.min(file.rows(), first + ROWS_AT_ONCE);
                tasks.add(() -> search(file, from, to));
            }
            workers.all(tasks).forEach(hits::addAll);
            for (Hit hit : hits) {
                sources.merge(file.source(hit.row()), (long) hit.occurrences(), Long::sum);
            }
        }
        long all = hits.stream().mapToLong(Hit::occurrences).sum();
        OptionalLong row = hits.stream().mapToLong(Hit::row).findFirst();
        OptionalLong step = OptionalLong.empty();
        if (order.isPresent() && !hits.isEmpty()) {
            long[] steps = order.get().steps(data.manifest(), chunk);
            for (Hit hit : hits) {
                long seen = steps[(int) hit.row()];
                if (seen > 0 && (step.isEmpty() || seen < step.getAsLong())) {
                    step = OptionalLong.of(seen);
                    row = OptionalLong.of(hit.row());
                }
            }
        }
        return new Occurrences(chunk, hits.size(), all, sources, row, step);
    }

    private List<Hit> search(TokenChunk file, long from, long to) {
        List<Hit> hits = new ArrayList<>();
        long[] ids = new long[file.rowLength()];
        for (long row = from; row < to; row++) {
            file.read(row, ids, 0);
            int found = search.count(ids);
            if (found > 0) {
                hits.add(new Hit(row, found));
            }
        }
        return hits;
    }

    /**
     * The checkpoints around the moment that a text was seen.
     *
     * @param before the last one that hadn't seen it; empty if none is known
     * @param after the first one that had; empty if none is known
     */
    public record Around(Optional<CheckpointEntry> before, Optional<CheckpointEntry> after) {}

    /**
     * Finds the checkpoints before and after a text was seen: by steps or, where those aren't
     * known, by the chunk that a published checkpoint ends with. In a series of phases, whose steps
     * begin anew, none is found; a range of it within one phase will do.
     */
    public Around around(Series series, Occurrences seen) {
        boolean phases =
                series.checkpoints().stream().map(CheckpointEntry::phase).distinct().count() > 1;
        boolean bySteps =
                seen.step().isPresent()
                        && series.checkpoints().stream().allMatch(one -> one.step().isPresent());
        Predicate<CheckpointEntry> has =
                bySteps
                        ? one -> one.step().getAsLong() >= seen.step().getAsLong()
                        : one -> one.published().orElseThrow().chunk().getAsInt() >= seen.chunk();
        boolean byChunks =
                order.isEmpty()
                        && series.checkpoints().stream()
                                .allMatch(
                                        one ->
                                                one.published()
                                                        .filter(p -> p.chunk().isPresent())
                                                        .isPresent());
        if (phases || !(bySteps || byChunks)) {
            return new Around(Optional.empty(), Optional.empty());
        }
        Optional<CheckpointEntry> before =
                series.checkpoints().stream().filter(has.negate()).reduce((a, b) -> b);
        return new Around(before, series.checkpoints().stream().filter(has).findFirst());
    }

    /**
     * {@return the mean loss on a text, in nats a token; empty if it has fewer than two tokens, of
     * which none is predicted}
     *
     * @throws IllegalArgumentException if it doesn't fit the context
     */
    public static OptionalDouble loss(TextGenerator model, String text) {
        long[] ids = model.encodePrompt(text);
        return ids.length < 2
                ? OptionalDouble.empty()
                : OptionalDouble.of(model.scoreIds(ids).nll());
    }

    /**
     * Loads a checkpoint and scores a text: see {@link #loss(TextGenerator, String)}.
     *
     * @throws ModelException if the checkpoint can't be had or loaded
     * @throws IOException if reading fails
     */
    public static OptionalDouble loss(
            CheckpointModels models, CheckpointEntry checkpoint, String text)
            throws ModelException, IOException {
        return models.with(checkpoint, model -> loss(model, text));
    }
}
