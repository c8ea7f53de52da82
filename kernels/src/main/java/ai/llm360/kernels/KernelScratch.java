package ai.llm360.kernels;

/**
 * Memory for what is between a product's steps, kept from one product to the next. One thread at a
 * time.
 */
final class KernelScratch implements AutoCloseable {

    private NativeMemory memory;
    private long size;

    /** Returns memory of at least so many bytes; what was in it is lost. */
    NativeMemory take(long bytes) {
        if (memory == null || size < bytes) {
            close();
            memory = NativeMemory.allocate(bytes);
            size = bytes;
        }
        return memory;
    }

    /** Frees the memory. */
    @Override
    public void close() {
        if (memory != null) {
            memory.free();
            memory = null;
        }
    }
}
