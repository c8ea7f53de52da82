package ai.llm360.common.nn;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

/**
 * One weight of a block.
 *
 * @param name its name within the block, such as {@code self_attn.q_proj.weight}
 * @param shape its shape
 * @param type what it is to DJL's initializers and optimizers
 * @param linear whether it is the matrix of a linear layer, which inference may hold in another
 *     layout
 */
public record WeightSpec(String name, Shape shape, Parameter.Type type, boolean linear) {

    /**
     * Returns the matrix of a linear layer without bias.
     *
     * @param name its name
     * @param outputs its rows
     * @param inputs its columns
     * @return the weight
     */
    public static WeightSpec linear(String name, long outputs, long inputs) {
        return new WeightSpec(name, new Shape(outputs, inputs), Parameter.Type.WEIGHT, true);
    }

    /**
     * Returns an embedding table.
     *
     * @param name its name
     * @param rows the vocabulary
     * @param columns the hidden size
     * @return the weight
     */
    public static WeightSpec embedding(String name, long rows, long columns) {
        return new WeightSpec(name, new Shape(rows, columns), Parameter.Type.WEIGHT, false);
    }

    /**
     * Returns a norm's gain, which is initialised with ones.
     *
     * @param name its name
     * @param size the hidden size
     * @return the weight
     */
    public static WeightSpec gain(String name, long size) {
        return new WeightSpec(name, new Shape(size), Parameter.Type.GAMMA, false);
    }
}
