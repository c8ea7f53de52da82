package ai.llm360.common.generate;

/** Reasons for a continuation's end. */
public enum FinishReason {
    /** The model said one of the end tokens. */
    EOS,
    /** The text came to one of the stop strings. */
    STOP,
    /** The asked number of tokens was made. */
    LENGTH,
    /** The model's context was full. */
    CONTEXT
}
