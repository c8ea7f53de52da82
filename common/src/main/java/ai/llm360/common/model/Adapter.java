package ai.llm360.common.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * A low-rank change of a linear layer (LoRA, arXiv 2106.09685): with it the layer computes {@code W
 * x + scale * B (A x)}, whatever the base weight W is held as.
 *
 * @param a A, float32 (r, inputs)
 * @param b B, float32 (outputs, r)
 * @param scale the factor, which LoRA calls alpha / r
 */
public record Adapter(NDArray a, NDArray b, double scale) {

    /**
     * Returns the sum of two changes of one layer, as one of rank r1 + r2: {@code [B1 s1, B2 s2]
     * [A1; A2]}.
     *
     * @param other another adapter of the same layer
     * @return the sum, of matrices of its own on the same manager and of scale 1
     */
    public Adapter plus(Adapter other) {
        try (NDArray left = b.mul(scale);
                NDArray right = other.b.mul(other.scale)) {
            return new Adapter(a.concat(other.a, 0), left.concat(right, 1), 1);
        }
    }

    /**
     * Checks that the adapter suits a weight.
     *
     * @throws IllegalArgumentException if it doesn't; the message names the weight
     */
    void check(String name, WeightSpec weight, Device device) {
        Shape first = a.getShape();
        Shape second = b.getShape();
        long rank = first.dimension() == 2 ? first.get(0) : 0;
        boolean fits =
                rank > 0
                        && first.equals(new Shape(rank, weight.inputs()))
                        && second.equals(new Shape(weight.outputs(), rank));
        if (!fits) {
            throw new IllegalArgumentException(
                    "an adapter of %s has A of (r, %d) and B of (%d, r), not %s and %s"
                            .formatted(name, weight.inputs(), weight.outputs(), first, second));
        }
        if (a.getDataType() != DataType.FLOAT32 || b.getDataType() != DataType.FLOAT32) {
            throw new IllegalArgumentException(
                    "an adapter's matrices are FLOAT32, but those of %s are %s and %s"
                            .formatted(name, a.getDataType(), b.getDataType()));
        }
        if (!a.getDevice().equals(device) || !b.getDevice().equals(device)) {
            throw new IllegalArgumentException(
                    "an adapter is on the model's device, %s, but that of %s is on %s and %s"
                            .formatted(device, name, a.getDevice(), b.getDevice()));
        }
        if (!Double.isFinite(scale)) {
            throw new IllegalArgumentException(
                    "an adapter's scale is a finite number, not %s (%s)".formatted(scale, name));
        }
    }
}
