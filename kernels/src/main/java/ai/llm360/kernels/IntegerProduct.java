package ai.llm360.kernels;

import java.nio.ByteBuffer;

/** Multiplies int8 matrices with exact sums, as another library than this one does it. */
@FunctionalInterface
interface IntegerProduct {

    /**
     * Computes sums = x w'.
     *
     * @param x a direct buffer of (n, I) int8 elements
     * @param w a direct buffer of (O, I) int8 elements
     * @param sums a direct buffer of (n, O) int32 elements, which are written
     */
    void multiply(ByteBuffer x, ByteBuffer w, ByteBuffer sums, int rows, int inputs, int outputs);
}
