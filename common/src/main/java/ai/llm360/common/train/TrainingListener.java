package ai.llm360.common.train;

import ai.llm360.common.run.RunEvent;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.run.ValidationLoss;
import java.io.IOException;
import java.util.List;

/**
 * Is told what a {@link TrainingLoop} does, on the loop's thread; the loop waits for it. It may
 * call {@link TrainingLoop#stop()}. An exception ends the run.
 */
public interface TrainingListener {

    /**
     * Is called before the first step.
     *
     * @param plan the run, whole, of which a part may have been done before
     */
    default void onBegin(TrainingPlan plan) {}

    /** Is called after the last step, but not where the run fails. */
    default void onEnd(TrainingResult result) {}

    /** Is called after each step that updated the weights. */
    default void onStep(StepMetrics metrics) {}

    /**
     * Is called with the losses of the rows held out.
     *
     * @param losses one for each source
     */
    default void onValidation(List<ValidationLoss> losses) {}

    /**
     * Is called when a checkpoint of the series or a point to resume from is whole.
     *
     * @throws IOException if the listener fails to read it
     */
    default void onSaved(SavedState saved) throws IOException {}

    /**
     * Is called at the beginning with what doesn't prevent the run, but may be a mistake: an end
     * token that the data never holds, or another machine than the run was begun on.
     *
     * @param warning what is wrong, in one line
     */
    default void onWarning(String warning) {}

    /** Is called with what was recorded in the run's log. */
    default void onEvent(RunEvent event) {}
}
