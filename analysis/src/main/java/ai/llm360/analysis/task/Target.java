package ai.llm360.analysis.task;

import java.util.List;

/** The right answer to a document's requests, as metrics compare it. */
public sealed interface Target {

    /**
     * One of several choices, or several of them: a document's requests are one for each choice, in
     * this order.
     *
     * @param choices the choices' texts, without the delimiter before them
     * @param gold the indices of the right ones, at least one
     */
    record Choices(List<String> choices, List<Integer> gold) implements Target {}

    /** The continuation of the one request: right if the model would have chosen each token. */
    record Continuation() implements Target {}

    /**
     * A whole text, of which perplexity is taken.
     *
     * @param words the number of words that it counts
     * @param bytes the number of its bytes in UTF-8
     */
    record Page(long words, long bytes) implements Target {}

    /**
     * A text that the generated one is compared with.
     *
     * @param text the right answer
     */
    record Text(String text) implements Target {}

    /**
     * A program that the generated code must pass.
     *
     * @param prefix what stands before the generated code: the prompt, or nothing
     * @param test what stands behind it
     */
    record Program(String prefix, String test) implements Target {}

    /**
     * Several questions on one document: its requests are those of the first part's choices, then
     * those of the next one's.
     *
     * @param parts the questions, in the order of the task's metrics
     */
    record Parts(List<Choices> parts) implements Target {}
}
