package ai.llm360.crystalcoder.data;

import java.util.Optional;

/** One sample as a row of ids and a mask; set again for each. */
final class Sample {

    private final int length;
    private final int[] ids;
    private final float[] mask;

    /** Makes room for samples of T inputs. */
    Sample(int length) {
        this.length = length;
        ids = new int[length + 1];
        mask = new float[length];
    }

    /** T+1 ids. */
    int[] ids() {
        return ids;
    }

    /** T values, 1 or 0. */
    float[] mask() {
        return mask;
    }

    /**
     * Makes a row of a sample.
     *
     * @return what is wrong with the sample, if something is; the row then is of no use
     */
    Optional<String> set(int[] inputs, int[] counts, int[] labels) {
        System.arraycopy(inputs, 0, ids, 0, length);
        ids[length] = labels[length - 1];
        int padding = length;
        while (padding > 0 && counts[padding - 1] == 0) {
            padding--;
        }
        if (padding > 0 && padding < length) {
            ids[padding] = labels[padding - 1];
        }
        for (int t = 0; t < length; t++) {
            if (counts[t] != 0 && counts[t] != 1) {
                return Optional.of(
                        "mask %d at position %d, expected 0 or 1; leave the file out, or make it"
                                        .formatted(counts[t], t)
                                + " again");
            }
            if (counts[t] == 1 && labels[t] != ids[t + 1]) {
                return Optional.of(
                        "label %d at position %d, expected %d, the next input; leave the file out,"
                                        .formatted(labels[t], t, ids[t + 1])
                                + " or make it again");
            }
            mask[t] = counts[t];
        }
        return Optional.empty();
    }
}
