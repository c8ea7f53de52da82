package ai.llm360.common.kernel;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.LongAccumulator;

/**
 * Rows of bfloat16 numbers in about 12 bits each, without loss: {@code
 * docs/formats/twelve-bit-bfloat16.md} specifies them, and {@link KernelMatrix#twelveBit}
 * multiplies by them. What is written doesn't depend on the number of threads.
 *
 * <p>For machines that {@link KernelMatrix#supported} is true of. A row is an output's, of at most
 * 65,536 numbers. Buffers are direct ones; O is the number of outputs, I that of inputs.
 */
public final class TwelveBitRows {

    /** How many numbers are packed together; a row is padded to a multiple of them. */
    static final int BLOCK = 64;

    private static final int BLOCK_BYTES = 96;
    private static final int TABLE_BYTES = 16;
    private static final int EXCEPTION_BYTES = 4;

    /** An exception's place has 16 bits. */
    private static final int MOST_INPUTS = 1 << 16;

    /** Rooms are multiples of this, so that blocks lie at multiples of 16 bytes. */
    private static final int ROOM = 4;

    private TwelveBitRows() {}

    /**
     * Returns the bytes of a packed row.
     *
     * @param inputs I
     * @param exceptions how many exceptions it has room for
     * @return 16 + 4 × exceptions + 96 for every 64 numbers
     * @throws IllegalArgumentException if a row has no numbers or more than 65,536, or if
     *     exceptions aren't a multiple of 4, or more than numbers
     */
    public static int rowBytes(int inputs, int exceptions) {
        if (inputs < 1 || inputs > MOST_INPUTS) {
            throw new IllegalArgumentException(
                    "packed rows have 1 to %d numbers, not %d".formatted(MOST_INPUTS, inputs));
        }
        if (exceptions < 0 || exceptions % ROOM != 0 || exceptions >= inputs + ROOM) {
            throw new IllegalArgumentException(
                    "a packed row of %d numbers has room for a multiple of %d exceptions up to their number, not %d"
                            .formatted(inputs, ROOM, exceptions));
        }
        return TABLE_BYTES + EXCEPTION_BYTES * exceptions + padded(inputs) / BLOCK * BLOCK_BYTES;
    }

    /** How many numbers a row's blocks hold. */
    static int padded(int inputs) {
        return (inputs + BLOCK - 1) / BLOCK * BLOCK;
    }

    /**
     * Returns the room for exceptions that rows of a matrix need: as many as the row that has most,
     * rounded up to a multiple of 4.
     *
     * @param matrix bfloat16 numbers (O, I), or (I, O) if {@code transposed}
     * @param outputs O
     * @param inputs I
     * @param transposed whether the matrix is stored [in, out]
     * @return the number
     * @throws IllegalArgumentException if the buffer isn't direct or hasn't just so many bytes, or
     *     there are no such rows
     */
    public static int exceptions(ByteBuffer matrix, int outputs, int inputs, boolean transposed) {
        rowBytes(inputs, 0);
        LongAccumulator most = new LongAccumulator(Math::max, 0);
        Bfloat16Matrix.of(matrix, outputs, inputs, transposed)
                .read(
                        (rows, start, count) ->
                                most.accumulate(
                                        KernelLibrary.llm360_twelve_exceptions(
                                                rows, inputs, 0, count)));
        return Math.toIntExact((most.get() + ROOM - 1) / ROOM * ROOM);
    }

    /**
     * Packs a matrix.
     *
     * @param matrix bfloat16 numbers (O, I), or (I, O) if {@code transposed}
     * @param outputs O
     * @param inputs I
     * @param transposed whether the matrix is stored [in, out]
     * @param exceptions how many exceptions each row has room for; see {@link #exceptions}
     * @param rows O packed rows, which are written
     * @throws IllegalArgumentException if sizes don't fit, or a row has more exceptions; what was
     *     written then is of no use
     */
    public static void pack(
            ByteBuffer matrix,
            int outputs,
            int inputs,
            boolean transposed,
            int exceptions,
            ByteBuffer rows) {
        long row = rowBytes(inputs, exceptions);
        NativeMemory packed = NativeMemory.of(rows, outputs * row);
        LongAccumulator most = new LongAccumulator(Math::max, 0);
        Bfloat16Matrix.of(matrix, outputs, inputs, transposed)
                .read(
                        (from, start, count) ->
                                most.accumulate(
                                        KernelLibrary.llm360_twelve_pack(
                                                from,
                                                inputs,
                                                exceptions,
                                                packed.address() + start * row,
                                                0,
                                                count)));
        if (most.get() > exceptions) {
            throw new IllegalArgumentException(
                    "a row has %d exceptions, and there is room for %d: ask TwelveBitRows.exceptions for what the matrix needs"
                            .formatted(most.get(), exceptions));
        }
    }

    /**
     * Unpacks a matrix: its numbers are those that were packed, bit by bit.
     *
     * @param rows O packed rows
     * @param outputs O
     * @param inputs I
     * @param exceptions how many exceptions each row has room for
     * @param matrix bfloat16 numbers (O, I), or (I, O) if {@code transposed}, which are written
     * @param transposed whether the matrix is to be stored [in, out]
     * @throws IllegalArgumentException if sizes don't fit
     */
    public static void unpack(
            ByteBuffer rows,
            int outputs,
            int inputs,
            int exceptions,
            ByteBuffer matrix,
            boolean transposed) {
        long row = rowBytes(inputs, exceptions);
        NativeMemory packed = NativeMemory.of(rows, outputs * row);
        Bfloat16Matrix.of(matrix, outputs, inputs, transposed)
                .write(
                        (to, start, count) ->
                                KernelLibrary.llm360_twelve_unpack(
                                        packed.address() + start * row,
                                        inputs,
                                        exceptions,
                                        to,
                                        0,
                                        count));
    }
}
