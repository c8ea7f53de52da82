package ai.llm360.common.model;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

/**
 * One weight of a block: its name, its shape, and what it is to inference, to optimizers and at the
 * beginning of training.
 *
 * @param name its name within the block, such as {@code self_attn.q_proj.weight}
 * @param shape its shape
 * @param type what it is to DJL's initializers and optimizers
 * @param linear whether it is the matrix of a linear layer, which inference may hold in another
 *     layout
 * @param transposed whether that matrix is stored [in, out] rather than [out, in]
 */
public record WeightSpec(
        String name, Shape shape, Parameter.Type type, boolean linear, boolean transposed) {

    /** Returns the matrix of a linear layer without bias. */
    public static WeightSpec linear(String name, long outputs, long inputs) {
        return new WeightSpec(name, new Shape(outputs, inputs), Parameter.Type.WEIGHT, true, false);
    }

    /**
     * Returns the matrix of a linear layer that is stored [in, out], as GPT-2's {@code Conv1D}
     * stores it.
     *
     * @param inputs its rows
     * @param outputs its columns
     */
    public static WeightSpec conv1d(String name, long inputs, long outputs) {
        return new WeightSpec(name, new Shape(inputs, outputs), Parameter.Type.WEIGHT, true, true);
    }

    /** Returns what a linear layer or a norm adds, which is initialised with zeros. */
    public static WeightSpec bias(String name, long size) {
        return new WeightSpec(name, new Shape(size), Parameter.Type.BIAS, false, false);
    }

    /** Returns an embedding table, (V, C). Where it is the head, too, {@link #asHead} is. */
    public static WeightSpec embedding(String name, long rows, long columns) {
        return new WeightSpec(name, new Shape(rows, columns), Parameter.Type.WEIGHT, false, false);
    }

    /** {@return this embedding table as the matrix of the head} */
    WeightSpec asHead() {
        return new WeightSpec(name, shape, type, true, false);
    }

    /** Returns how many outputs a matrix has. */
    public int outputs() {
        return Math.toIntExact(shape.get(transposed ? 1 : 0));
    }

    /** Returns how many inputs a matrix has. */
    public int inputs() {
        return Math.toIntExact(shape.get(transposed ? 0 : 1));
    }

    /** Returns a norm's gain, which is initialised with ones. */
    public static WeightSpec gain(String name, long size) {
        return new WeightSpec(name, new Shape(size), Parameter.Type.GAMMA, false, false);
    }
}
