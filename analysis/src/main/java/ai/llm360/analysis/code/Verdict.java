package ai.llm360.analysis.code;

/**
 * A program's end.
 *
 * @param passed whether it ran to its end, without an exception and within its limits
 * @param detail what stopped it, such as {@code AssertionError: }; empty if it passed
 */
public record Verdict(boolean passed, String detail) {}
