package ai.llm360.kernels;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;

/**
 * Memory outside the heap, and who owns it: an address alone would let the owner be collected, and
 * the memory freed, while it is in use. {@link KernelThreads#run} keeps what its work refers to.
 */
record NativeMemory(Object owner, long address) {

    /** Allocates memory, whose content is undefined; it is freed with this object at the latest. */
    static NativeMemory allocate(long bytes) {
        Memory memory = new Memory(bytes);
        return new NativeMemory(memory, Pointer.nativeValue(memory));
    }

    /** Returns the memory of a buffer, which must be direct and of just so many bytes. */
    static NativeMemory of(ByteBuffer buffer, long bytes) {
        if (!buffer.isDirect() || buffer.remaining() != bytes) {
            throw new IllegalArgumentException(
                    "a direct buffer of %d bytes was expected, not %s".formatted(bytes, buffer));
        }
        return new NativeMemory(buffer, Pointer.nativeValue(Native.getDirectBufferPointer(buffer)));
    }

    /** Returns a buffer over memory that stays as long as its owner can be reached. */
    static ByteBuffer view(long address, long bytes) {
        return new Pointer(address).getByteBuffer(0, bytes);
    }

    /** Frees what was allocated; memory of a buffer is its owner's. */
    void free() {
        if (owner instanceof Memory memory) {
            memory.close();
        }
    }
}
