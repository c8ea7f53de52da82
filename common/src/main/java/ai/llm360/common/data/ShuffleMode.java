package ai.llm360.common.data;

/** Ways of shuffling the rows of chunks, all by permutations of NumPy's legacy generator. */
public enum ShuffleMode {
    /**
     * The generator is seeded with seed + chunk before each chunk, so that a chunk's order doesn't
     * depend on where a run was resumed. It is what Amber's training gives when it is started anew
     * for each chunk.
     */
    PER_CHUNK,
    /**
     * The generator is seeded once and goes on from chunk to chunk, as Amber's training does within
     * one launch.
     */
    CONTINUOUS
}
