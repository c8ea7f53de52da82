package ai.llm360.common.generate;

/**
 * One token of a continuation, as it is made.
 *
 * @param row which prompt it continues
 * @param id the token
 * @param logProbability the natural logarithm of the model's probability for it, before temperature
 *     and the other sampling rules
 * @param text the characters that this token completed: empty while a character, or a possible stop
 *     string, is still open, or where there is no tokenizer
 */
public record GeneratedToken(int row, long id, double logProbability, String text) {}
