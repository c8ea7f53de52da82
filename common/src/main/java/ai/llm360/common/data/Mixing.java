package ai.llm360.common.data;

import ai.llm360.common.data.DataManifest.Segment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Decides how many rows of each source a segment's chunks get.
 *
 * @param available each source's rows that no earlier segment has used
 */
record Mixing(Map<String, Long> available, int firstChunk, int chunks) {

    /** Makes a segment; 0 rows of a chunk are as many as every row once gives. */
    Segment segment(Map<String, Double> weights, long rowsPerChunk) {
        if (weights.isEmpty()) {
            if (rowsPerChunk > 0) {
                throw new IllegalArgumentException(
                        "rows_per_chunk goes with weights; without, every row is used once");
            }
            return everyRowOnce();
        }
        long all = available.values().stream().mapToLong(rows -> rows).sum();
        return weighted(weights, rowsPerChunk > 0 ? rowsPerChunk : all / chunks);
    }

    /** Uses every row once, as far as equal chunks go: Amber's {@code mix_and_split.py}. */
    private Segment everyRowOnce() {
        Map<String, Long> rows = new LinkedHashMap<>();
        available.forEach(
                (name, count) -> {
                    if (count < chunks) {
                        throw new IllegalArgumentException(
                                "source '%s' has %d rows left for %d chunks: make fewer chunks or"
                                                .formatted(name, count, chunks)
                                        + " shorter rows, hold fewer back, add documents, or give"
                                        + " weights, with which rows may be repeated");
                    }
                    rows.put(name, count / chunks);
                });
        return new Segment(firstChunk, chunks, null, rows);
    }

    /**
     * Gives each source its proportion of a chunk, exactly but for rounding: the rows that rounding
     * down leaves go to the largest fractions, of equal ones to the first.
     */
    private Segment weighted(Map<String, Double> weights, long rowsPerChunk) {
        checkNames(weights, available.keySet());
        if (rowsPerChunk < 1) {
            throw new IllegalArgumentException(
                    "%d rows are too few for %d chunks; make fewer chunks, or give rows_per_chunk"
                            .formatted(
                                    available.values().stream().mapToLong(r -> r).sum(), chunks));
        }
        double sum = weights.values().stream().mapToDouble(weight -> weight).sum();
        List<String> names = new ArrayList<>(available.keySet());
        Map<String, Long> rows = new LinkedHashMap<>();
        Map<String, Double> fractions = new LinkedHashMap<>();
        for (String name : names) {
            double share = rowsPerChunk * (weights.getOrDefault(name, 0.0) / sum);
            rows.put(name, (long) share);
            fractions.put(name, share - (long) share);
        }
        long left = rowsPerChunk - rows.values().stream().mapToLong(count -> count).sum();
        names.sort(Comparator.comparing(fractions::get, Comparator.reverseOrder()));
        for (String name : names.subList(0, (int) left)) {
            rows.merge(name, 1L, Long::sum);
        }
        Map<String, Double> ordered = new LinkedHashMap<>();
        available.keySet().forEach(name -> ordered.put(name, weights.getOrDefault(name, 0.0)));
        return new Segment(firstChunk, chunks, ordered, rows);
    }

    static void checkNames(Map<String, Double> weights, Collection<String> names) {
        weights.forEach(
                (name, weight) -> {
                    if (!names.contains(name)) {
                        throw new IllegalArgumentException(
                                "weights name '%s', which is no source; there are %s"
                                        .formatted(name, names));
                    }
                    if (!Double.isFinite(weight) || weight < 0) {
                        throw new IllegalArgumentException(
                                "weights are 0 or more, not %s for '%s'".formatted(weight, name));
                    }
                });
        if (!weights.isEmpty() && weights.values().stream().allMatch(weight -> weight == 0)) {
            throw new IllegalArgumentException("weights are 0 for all sources; one must be more");
        }
    }
}
