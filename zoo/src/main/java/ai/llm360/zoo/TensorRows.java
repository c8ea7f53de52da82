package ai.llm360.zoo;

import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.CheckpointWriter;
import ai.llm360.common.checkpoint.TensorCaster;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.common.checkpoint.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Rows of a tensor, in memory.
 *
 * @param tensor the whole tensor, as its checkpoint describes it
 * @param fromRow the first row
 * @param toRow the row after the last one
 * @param type the type of {@code elements}
 * @param elements the rows' elements: row-major, little-endian
 */
public record TensorRows(
        TensorInfo tensor, long fromRow, long toRow, TensorType type, ByteBuffer elements) {

    private static final int PART = 1 << 16;

    /**
     * Sums up a number of values.
     *
     * @param min the smallest; NaN if any value is
     * @param max the largest; NaN if any value is
     * @param mean their mean
     * @param rms the root of the mean of their squares
     * @param norm the root of the sum of their squares
     */
    public record Statistics(double min, double max, double mean, double rms, double norm) {}

    /** {@return the tensor's, with the number of rows first} */
    public Shape shape() {
        if (tensor.shape().dimension() == 0) {
            return tensor.shape();
        }
        long[] shape = tensor.shape().getShape().clone();
        shape[0] = toRow - fromRow;
        return new Shape(shape);
    }

    /** Counts the elements. */
    public int count() {
        return elements.limit() / type.byteSize();
    }

    /**
     * Casts the rows.
     *
     * @throws IllegalArgumentException if the cast loses meaning, see {@link TensorCaster}
     */
    public TensorRows to(TensorType target) {
        if (target == type) {
            return this;
        }
        ByteBuffer cast =
                ByteBuffer.allocate(Math.multiplyExact(count(), target.byteSize()))
                        .order(ByteOrder.LITTLE_ENDIAN);
        TensorCaster.cast(type, elements.duplicate().rewind(), target, cast, count());
        return new TensorRows(tensor, fromRow, toRow, target, cast.flip());
    }

    /**
     * Returns values as numbers.
     *
     * @param first the first, counted in row-major order
     */
    public double[] values(int first, int count) {
        ByteBuffer wide = ByteBuffer.allocate(8 * count).order(ByteOrder.LITTLE_ENDIAN);
        int bytes = type.byteSize();
        ByteBuffer part = elements.duplicate().rewind();
        TensorCaster.cast(
                type, part.slice(first * bytes, count * bytes), TensorType.F64, wide, count);
        double[] values = new double[count];
        wide.flip().asDoubleBuffer().get(values);
        return values;
    }

    /**
     * Writes tensors into one safetensors file, which appears whole or not at all, in place of what
     * is there.
     *
     * @param tensors the tensors, or rows of them, by the names that the file gives them
     * @throws IOException if writing fails
     */
    public static void write(Path file, Map<String, TensorRows> tensors) throws IOException {
        List<TensorSpec> specs = new ArrayList<>();
        tensors.forEach((name, rows) -> specs.add(new TensorSpec(name, rows.type(), rows.shape())));
        CheckpointWriter.writeFile(
                file,
                specs,
                (spec, channel) ->
                        channel.write(tensors.get(spec.name()).elements().duplicate().rewind()));
    }

    /**
     * Looks at all values.
     *
     * @return their statistics, in double precision; all NaN if there are no values
     */
    public Statistics statistics() {
        double min = Double.POSITIVE_INFINITY;
        double max = Double.NEGATIVE_INFINITY;
        double sum = 0;
        double squares = 0;
        int count = count();
        for (int first = 0; first < count; first += PART) {
            for (double value : values(first, Math.min(PART, count - first))) {
                min = Math.min(min, value);
                max = Math.max(max, value);
                sum += value;
                squares += value * value;
            }
        }
        return count == 0
                ? new Statistics(Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN)
                : new Statistics(
                        min, max, sum / count, Math.sqrt(squares / count), Math.sqrt(squares));
    }
}
