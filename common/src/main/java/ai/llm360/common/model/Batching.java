package ai.llm360.common.model;

/** Chooses how rows of one call are computed together on a CPU. */
public enum Batching {
    /**
     * Rows of one token together, every longer row alone: each gives bit for bit what it gives in a
     * call of its own, where its weights' type allows that. Generation computes so.
     */
    EXACT,
    /**
     * All rows in one pass, padded to the longest. It reads the weights once for all of them; a
     * row's last bits depend on its neighbours. A GPU always computes so, since cuBLAS chooses its
     * kernels by the size of the batch anyway.
     */
    PADDED
}
