package ai.llm360.kernels;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Objects;

/**
 * Rows of float32 in native memory, (n, size), one after the other.
 *
 * <p>What {@link #allocate} gives is freed by {@link #close} or with this object; {@link #of} wraps
 * memory that is another's.
 */
record KernelRows(NativeMemory memory, long address, int count, int size) implements AutoCloseable {

    /** Allocates rows, whose content is undefined. */
    static KernelRows allocate(int count, int size) {
        NativeMemory memory = NativeMemory.allocate(bytes(count, size));
        return new KernelRows(memory, memory.address(), count, size);
    }

    /**
     * Wraps n × size floats in a direct buffer, which is kept; what another object owns must stay
     * where it is as long as this object is used.
     */
    static KernelRows of(ByteBuffer floats, int count, int size) {
        NativeMemory memory = NativeMemory.of(floats, bytes(count, size));
        return new KernelRows(memory, memory.address(), count, size);
    }

    /** Copies numbers to one row. */
    static KernelRows copyOf(float[] values) {
        KernelRows row = allocate(1, values.length);
        row.floats().put(values);
        return row;
    }

    private static long bytes(int count, int size) {
        return (long) Float.BYTES * count * size;
    }

    /** Allocates rows of zeros. */
    static KernelRows zeros(int count, int size) {
        KernelRows rows = allocate(count, size);
        new Pointer(rows.address).clear(bytes(count, size));
        return rows;
    }

    /** Returns some of the rows, where they lie. */
    KernelRows rows(int start, int count) {
        Objects.checkFromIndexSize(start, count, this.count);
        return new KernelRows(memory, address + bytes(start, size), count, size);
    }

    /** The numbers, where they lie, as long as this object can be reached. */
    FloatBuffer floats() {
        return bytes().asFloatBuffer();
    }

    /** The numbers' bytes, where they lie, as long as this object can be reached. */
    ByteBuffer bytes() {
        return NativeMemory.view(address, bytes(count, size));
    }

    /** Where a row lies. */
    long address(int row) {
        return address + bytes(Objects.checkIndex(row, count), size);
    }

    /** Frees rows that were allocated. */
    @Override
    public void close() {
        memory.free();
    }
}
