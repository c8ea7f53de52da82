package ai.llm360.common.train;

import ai.llm360.common.data.ChunkOrder;
import ai.llm360.common.data.DataOrder;
import ai.llm360.common.run.TrainingState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** Tells which rows the next step of a run sees, and goes on from step to step. */
final class Cursor {

    private final TrainingConfig config;
    private final int rowsOfExample;
    private final List<Long> examplesPerChunk;
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
        rowsOfExample = config.objective().rows();
        int chunks = stepsPerChunk.size() / config.data().epochs();
        examplesPerChunk = new ArrayList<>();
        for (int i = 0; i < stepsPerChunk.size(); i++) {
            examplesPerChunk.add(rowsPerChunk.get(i % chunks) / rowsOfExample);
        }
        orderSeed = config.seed();
    }

    /** Returns the number of the next step, from 0. */
    long step() {
        return step;
    }

    /** Returns the number of the chunk, those of earlier epochs counted. */
    int chunk() {
        return chunk;
    }

    /** Returns the number of the chunk among the data's. */
    int dataChunk() {
        return chunk % (stepsPerChunk.size() / config.data().epochs());
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

    /** Returns the rows of the next step, over all processes; those of a pair together. */
    long[] rows() {
        if (order == null) {
            DataOrder all = new DataOrder(config.data().order(), orderSeed, examplesPerChunk);
            order = all.chunk(chunk, config.batch().global());
        }
        return Arrays.stream(order.rows(stepInChunk))
                .flatMap(one -> LongStream.range(rowsOfExample * one, rowsOfExample * (one + 1)))
                .toArray();
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
        orderSeed += examplesPerChunk.size(); // no other chunk's seed
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
