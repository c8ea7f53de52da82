package ai.llm360.common.train;

import ai.llm360.common.run.TrainingState;

/**
 * Tells the end of a run.
 *
 * @param finished whether it reached its last step; otherwise it was stopped and can be resumed
 * @param state where it stands
 */
public record TrainingResult(boolean finished, TrainingState state) {}
