package ai.llm360.common.kernel;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;

/** Where direct buffers lie. */
final class Addresses {

    private Addresses() {}

    /**
     * Returns the address of a buffer's first byte.
     *
     * @throws IllegalArgumentException if the buffer isn't direct or hasn't just so many bytes
     */
    static long of(ByteBuffer buffer, long bytes) {
        if (!buffer.isDirect() || buffer.remaining() != bytes) {
            throw new IllegalArgumentException(
                    "a direct buffer of %d bytes was expected, not %s".formatted(bytes, buffer));
        }
        return Pointer.nativeValue(Native.getDirectBufferPointer(buffer));
    }
}
