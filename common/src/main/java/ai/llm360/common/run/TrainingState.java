package ai.llm360.common.run;

/**
 * Where a run stands between two steps. With the weights, the optimizer's state, the configuration
 * and the data, it decides all that follows.
 *
 * @param step the optimizer steps done, skipped ones included: the number of the next one
 * @param chunk the chunk that the next step reads
 * @param stepInChunk the steps of that chunk done
 * @param tokens the positions trained on so far
 * @param orderSeed the seed of the data's order, which the reseed policy changes
 * @param updates the updates that the optimizer has made: {@code step} less the skipped ones
 */
public record TrainingState(
        long step, int chunk, long stepInChunk, long tokens, long orderSeed, long updates) {}
