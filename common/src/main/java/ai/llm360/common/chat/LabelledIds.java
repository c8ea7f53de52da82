package ai.llm360.common.chat;

import java.util.Arrays;

/**
 * A text as a model is trained on it.
 *
 * @param ids its token ids
 * @param labels of each id, whether the model is to learn to predict it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; its parts are read by position
public record LabelledIds(long[] ids, boolean[] labels) {

    /** Checks that both are of one length. */
    public LabelledIds {
        if (ids.length != labels.length) {
            throw new IllegalArgumentException(
                    "%d ids with %d labels".formatted(ids.length, labels.length));
        }
    }

    /** {@return the first ids of this, at most a number of them; this if it has no more} */
    public LabelledIds truncate(int length) {
        return ids.length <= length
                ? this
                : new LabelledIds(Arrays.copyOf(ids, length), Arrays.copyOf(labels, length));
    }

    /** {@return the number of ids to learn} */
    public int labelCount() {
        int count = 0;
        for (boolean label : labels) {
            count += label ? 1 : 0;
        }
        return count;
    }
}
