/**
 * Studies models and series of checkpoints: evaluation, memorization, and what changed in training.
 *
 * <p>{@code task} makes requests of benchmark files, {@code code} runs programs that a model wrote,
 * {@code evaluate} answers and measures.
 */
package ai.llm360.analysis;
