package ai.llm360.common.train;

import ai.llm360.common.data.ChunkOrder;
import ai.llm360.common.data.DataOrder;
import ai.llm360.common.run.TrainingState;
import java.util.List;

/** Tells which rows the next step of a run sees, and goes on from step to step. */
final class Cursor {

    private final TrainingConfig config;
    private final List<Long> rowsPerChunk;
    private final List<Long> stepsPerChunk;

    private long step;
    private int chunk;
    private long stepInChunk;
    private long tokens;
    private long orderSeed;
    private ChunkOrder order;

    /**
     * Creates a cursor at a run's beginning.
     *
     * @param plan the run
     * @param rowsPerChunk the rows of each chunk of the data
     */
    Cursor(TrainingPlan plan, List<Long> rowsPerChunk) {
        config = plan.config();
        stepsPerChunk = plan.stepsPerChunk();
        this.rowsPerChunk = rowsPerChunk.subList(0, stepsPerChunk.size());
        orderSeed = config.seed();
    }

    /** Returns the number of the next step, from 0. */
    long step() {
        return step;
    }

    int chunk() {
        return chunk;
    }

    long stepInChunk() {
        return stepInChunk;
    }

    /** Returns the positions trained on so far. */
    long tokens() {
        return tokens;
    }

    /** Returns whether all chunks are done. */
    boolean atEnd() {
        return chunk == stepsPerChunk.size();
    }

    /** Returns whether all steps of the chunk are done. */
    boolean atChunkEnd() {
        return stepInChunk == stepsPerChunk.get(chunk);
    }

    /** Returns the rows of the next step, over all processes. */
    long[] rows() {
        if (order == null) {
            DataOrder all = new DataOrder(config.data().order(), orderSeed, rowsPerChunk);
            order = all.chunk(chunk, config.batch().global());
        }
        return order.rows(stepInChunk);
    }

    /** Leaves a step behind that trained on some positions, or on none. */
    void advance(long positions) {
        step++;
        stepInChunk++;
        tokens += positions;
    }

    /** Leaves the rest of the chunk out. */
    void skipChunk() {
        long steps = stepsPerChunk.get(chunk);
        step += steps - stepInChunk;
        stepInChunk = steps;
    }

    /** Draws another order from here on. */
    void reseed() {
        orderSeed += rowsPerChunk.size(); // no other chunk's seed
        order = null;
    }

    /**
     * Goes to the next chunk.
     *
     * @return the number of the one that is done
     */
    int nextChunk() {
        stepInChunk = 0;
        order = null;
        return chunk++;
    }

    /** Returns the place, as a saved state keeps it. */
    TrainingState state(long updates) {
        return new TrainingState(step, chunk, stepInChunk, tokens, orderSeed, updates);
    }

    /**
     * Goes to a saved place. Other data may follow there, but a step's number tells which rows it
     * sees, so its place must be the same.
     *
     * @param saved the place
     * @param source names where it was saved
     * @throws TrainingException if the data has no such place
     */
    void restore(TrainingState saved, String source) {
        step = saved.step();
        chunk = saved.chunk();
        stepInChunk = saved.stepInChunk();
        tokens = saved.tokens();
        orderSeed = saved.orderSeed();
        order = null;
        long place = stepInChunk;
        for (long steps : stepsPerChunk.subList(0, Math.min(chunk, stepsPerChunk.size()))) {
            place += steps;
        }
        boolean inChunk = chunk < stepsPerChunk.size() && stepInChunk < stepsPerChunk.get(chunk);
        boolean atEnd = chunk == stepsPerChunk.size() && stepInChunk == 0;
        if (place != step || !(inChunk || atEnd)) {
            throw new TrainingException(
                    ("%s is at step %d, step %d of chunk %d, which the data doesn't have there: its"
                         + " chunks are of %s steps; resume with data whose chunks up to this one"
                         + " are as large as those before")
                            .formatted(source, step, stepInChunk, chunk, stepsPerChunk));
        }
    }
}
