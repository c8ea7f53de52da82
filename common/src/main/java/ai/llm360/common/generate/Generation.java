package ai.llm360.common.generate;

import java.util.List;

/**
 * A finished continuation.
 *
 * @param promptIds the prompt's tokens, with the start token if it has one
 * @param ids the continuation's tokens alone; an end token is the last of them
 * @param logProbabilities the natural logarithm of the model's probability of each token of {@code
 *     ids}, before temperature and the other sampling rules
 * @param text the continuation's text up to a stop string, without it; empty where there is no
 *     tokenizer
 * @param reason why it ended
 */
public record Generation(
        List<Long> promptIds,
        List<Long> ids,
        List<Double> logProbabilities,
        String text,
        FinishReason reason) {}
