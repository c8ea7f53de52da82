package ai.llm360.common.chat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** The ways to put conversations into rows of one length. */
public enum Packing {

    /** A conversation a row. */
    NONE,

    /**
     * Whole conversations, the longest first, each into the row with the least room that is enough
     * (best fit decreasing, as TRL's {@code bfd}). A row's conversations mustn't see each other:
     * each begins with BOS, at which positions start anew.
     */
    BEST_FIT,

    /**
     * One after another, cut wherever a row ends, as CrystalChat's were: a row may begin and end
     * within a conversation, and its conversations see those before them. Nothing is cut off.
     */
    WRAP;

    /** {@return its name in recipes and on the command line, such as {@code best-fit}} */
    public String label() {
        return Labels.of(this);
    }

    /**
     * {@return the way of a name}
     *
     * @param label as {@link #label} gives it
     * @throws IllegalArgumentException if there is none
     */
    public static Packing named(String label) {
        return Labels.named(label, "packing", values());
    }

    /**
     * Plans rows, best fit decreasing.
     *
     * @param lengths the conversations' lengths
     * @param capacity a row's length
     * @return of each row the numbers of its conversations, in the order in which they stand there
     * @throws IllegalArgumentException if a conversation is longer than a row, or empty
     */
    public static List<List<Integer>> bestFit(int[] lengths, int capacity) {
        List<List<Integer>> rows = new ArrayList<>();
        TreeMap<Integer, Deque<List<Integer>>> byRoom = new TreeMap<>();
        List<Integer> longestFirst =
                IntStream.range(0, lengths.length)
                        .boxed()
                        .sorted(
                                Collections.reverseOrder(
                                                Comparator.<Integer>comparingInt(i -> lengths[i]))
                                        .thenComparing(Comparator.naturalOrder()))
                        .toList();
        for (int number : longestFirst) {
            int length = lengths[number];
            if (length < 1 || length > capacity) {
                throw new IllegalArgumentException(
                        "conversation %d has %d ids; a row has room for 1 to %d"
                                .formatted(number, length, capacity));
            }
            Map.Entry<Integer, Deque<List<Integer>>> best = byRoom.ceilingEntry(length);
            int room = best == null ? capacity : best.getKey();
            List<Integer> row = best == null ? new ArrayList<>() : best.getValue().removeFirst();
            if (best == null) {
                rows.add(row);
            } else if (best.getValue().isEmpty()) {
                byRoom.remove(room);
            }
            row.add(number);
            if (room > length) {
                byRoom.computeIfAbsent(room - length, left -> new ArrayDeque<>()).addLast(row);
            }
        }
        return rows;
    }
}
