package ai.llm360.common.tokenizer;

import java.util.Arrays;

/** A growing list of ids. */
final class IdBuffer {

    private int[] ids = new int[1024];
    private int size;

    void add(int id) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, 2 * size);
        }
        ids[size++] = id;
    }

    void addAll(int[] more) {
        if (size + more.length > ids.length) {
            ids = Arrays.copyOf(ids, Math.max(2 * ids.length, size + more.length));
        }
        System.arraycopy(more, 0, ids, size, more.length);
        size += more.length;
    }

    /** Returns the ids since a place, and takes them away. */
    int[] takeFrom(int start) {
        int[] taken = Arrays.copyOfRange(ids, start, size);
        size = start;
        return taken;
    }

    /** Keeps one of each run of an id since a place. */
    void joinRuns(int id, int start) {
        int kept = start;
        for (int i = start; i < size; i++) {
            if (i == start || ids[i] != id || ids[i - 1] != id) {
                ids[kept++] = ids[i];
            }
        }
        size = kept;
    }

    int size() {
        return size;
    }
}
