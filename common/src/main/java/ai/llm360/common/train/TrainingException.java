package ai.llm360.common.train;

/**
 * A training run that can't go on: its message says why, where it stopped and what to do. What was
 * saved before is untouched.
 */
public final class TrainingException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** Creates the exception. */
    public TrainingException(String message) {
        super(message);
    }
}
