package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.llm360.common.kernel.KernelMatrix;

/** Gives a decoder's matrices in a form that kernels multiply by. */
interface KernelMatrices {

    /** bfloat16 matrices, multiplied where the parameters lie. */
    KernelMatrices IN_PLACE =
            new KernelMatrices() {
                @Override
                public KernelMatrix get(String name, WeightSpec spec, NDArray parameter) {
                    return KernelMatrix.bfloat16(
                            parameter.toByteBuffer(true),
                            spec.outputs(),
                            spec.inputs(),
                            spec.transposed());
                }

                @Override
                public boolean manyRows() {
                    return false;
                }
            };

    /**
     * Returns a matrix, which stays as long as the parameter does.
     *
     * @param name the weight's full name
     * @param spec what it is
     * @param parameter the block's own array
     */
    KernelMatrix get(String name, WeightSpec spec, NDArray parameter);

    /** Whether they are to multiply any number of rows; libtorch multiplies more than few else. */
    boolean manyRows();
}
