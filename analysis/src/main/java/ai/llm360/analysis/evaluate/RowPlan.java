package ai.llm360.analysis.evaluate;

import ai.llm360.common.model.LabelledRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Plans how rows are scored with the fewest tokens read: rows of the same tokens are one row, and
 * rows that begin alike are a group, whose beginning is read once.
 */
final class RowPlan {

    /** Shorter beginnings aren't worth the copies of what is cached of them. */
    private static final int LEAST = 16;

    /**
     * A row, and the rows asked for that it stands for.
     *
     * @param row all of their labels, one after another
     * @param asked their numbers
     */
    record Merged(LabelledRow row, List<Integer> asked) {}

    /**
     * Rows that begin alike.
     *
     * @param shared the number of tokens that they share, 0 for one row alone
     * @param rows the longest first
     */
    record Group(int shared, List<Merged> rows) {}

    private RowPlan() {}

    /**
     * Plans.
     *
     * @param asked the rows
     * @return groups that hold each of them once
     */
    static List<Group> of(List<LabelledRow> asked) {
        List<Merged> rows = merged(asked);
        List<Group> groups = new ArrayList<>();
        for (int from = 0; from < rows.size(); ) {
            int to = from + 1;
            int shared = sharable(rows.get(from));
            long saved = 0;
            while (to < rows.size()) {
                int less = Math.min(shared, alike(rows.get(to - 1), rows.get(to)));
                long saving = (long) (to - from) * less;
                if (less < LEAST || saving < saved) {
                    break;
                }
                shared = less;
                saved = saving;
                to++;
            }
            List<Merged> group = new ArrayList<>(rows.subList(from, to));
            group.sort(Comparator.comparingInt(one -> -one.row().ids().length));
            groups.add(new Group(to - from == 1 ? 0 : shared, group));
            from = to;
        }
        return groups;
    }

    /**
     * Merges rows of the same tokens, and sorts them so that rows that begin alike are together.
     */
    private static List<Merged> merged(List<LabelledRow> asked) {
        Integer[] order = IntStream.range(0, asked.size()).boxed().toArray(Integer[]::new);
        Arrays.sort(order, (a, b) -> Arrays.compare(asked.get(a).ids(), asked.get(b).ids()));
        Map<Integer, List<Integer>> same = new LinkedHashMap<>();
        int first = 0;
        for (int i = 0; i < order.length; i++) {
            if (!Arrays.equals(asked.get(order[i]).ids(), asked.get(order[first]).ids())) {
                first = i;
            }
            same.computeIfAbsent(order[first], row -> new ArrayList<>()).add(order[i]);
        }
        List<Merged> merged = new ArrayList<>();
        same.forEach(
                (one, all) -> {
                    List<LabelledRow> rows = all.stream().map(asked::get).toList();
                    int[] positions =
                            rows.stream().flatMapToInt(r -> IntStream.of(r.positions())).toArray();
                    long[] labels =
                            rows.stream().flatMapToLong(r -> LongStream.of(r.labels())).toArray();
                    merged.add(
                            new Merged(
                                    new LabelledRow(asked.get(one).ids(), positions, labels), all));
                });
        return merged;
    }

    /** Returns the number of tokens before the first whose label is asked for. */
    private static int sharable(Merged row) {
        return IntStream.of(row.row().positions()).min().orElse(row.row().ids().length - 1);
    }

    private static int alike(Merged one, Merged other) {
        int differs = Arrays.mismatch(one.row().ids(), other.row().ids());
        return Math.min(differs < 0 ? Integer.MAX_VALUE : differs, sharable(other));
    }

    /** Returns the part of a row behind its first tokens. */
    static LabelledRow behind(LabelledRow row, int tokens) {
        return new LabelledRow(
                Arrays.copyOfRange(row.ids(), tokens, row.ids().length),
                IntStream.of(row.positions()).map(p -> p - tokens).toArray(),
                row.labels());
    }
}
