package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;

/**
 * Checks the token ids that a decoder is given, before libtorch sees them: an id beyond the
 * embedding table ends a CUDA context.
 *
 * @param vocabulary the number of tokens (V)
 * @param context the largest number of positions
 */
record DecoderInput(int vocabulary, int context) {

    /** Returns the ids that DJL hands over, one array (B, T) of INT64 or INT32, as INT64. */
    NDArray of(NDList inputs) {
        if (inputs.size() != 1) {
            throw new IllegalArgumentException(
                    "the input is one array, token ids of (B, T), not %d arrays"
                            .formatted(inputs.size()));
        }
        NDArray ids = inputs.get(0);
        Shape shape = ids.getShape();
        if (shape.dimension() != 2 || shape.get(0) == 0) {
            throw new IllegalArgumentException(
                    "token ids are (B, T), a row for each sequence, not %s%s"
                            .formatted(
                                    shape,
                                    shape.dimension() == 1
                                            ? "; ids.expandDims(0) makes one row of it"
                                            : ""));
        }
        DataType type = ids.getDataType();
        if (type != DataType.INT64 && type != DataType.INT32) {
            throw new IllegalArgumentException(
                    "token ids are whole numbers of type INT64 or INT32, not " + type);
        }
        checkLength(shape.get(1));
        NDArray wide = ids.toType(DataType.INT64, false);
        checkVocabulary(wide.toLongArray());
        return wide;
    }

    /** Returns rows of one length as INT64 (B, T); other rows and foreign ids are refused. */
    NDArray of(NDManager manager, long[][] ids) {
        check(ids);
        for (long[] row : ids) {
            if (row.length != ids[0].length) {
                throw new IllegalArgumentException(
                        "rows of one call must have one length, not %d and %d tokens"
                                .formatted(ids[0].length, row.length));
            }
        }
        return padded(manager, ids);
    }

    /**
     * {@return rows of any lengths as one INT64 array (B, T), T the longest length, with zeros
     * after a shorter row}
     */
    static NDArray padded(NDManager manager, long[][] ids) {
        int length = Arrays.stream(ids).mapToInt(row -> row.length).max().orElse(0);
        long[] flat = new long[Math.multiplyExact(ids.length, length)];
        for (int row = 0; row < ids.length; row++) {
            System.arraycopy(ids[row], 0, flat, row * length, ids[row].length);
        }
        return manager.create(flat, new Shape(ids.length, length));
    }

    /** Refuses rows with an id outside the vocabulary. */
    void check(long[][] ids) {
        Arrays.stream(ids).forEach(this::checkVocabulary);
    }

    private void checkVocabulary(long[] ids) {
        for (long id : ids) {
            if (id < 0 || id >= vocabulary) {
                throw new IllegalArgumentException(
                        "token id %d is outside the model's vocabulary of 0 to %d"
                                .formatted(id, vocabulary - 1));
            }
        }
    }

    /** Refuses no positions, and more than the context holds. */
    void checkLength(long positions) {
        if (positions < 1 || positions > context) {
            throw new IllegalArgumentException(
                    "%d positions don't fit: the model's context length is %d"
                            .formatted(positions, context));
        }
    }
}
