/**
 * Studies models and series of checkpoints: evaluation, memorization, and what changed in training.
 *
 * <p>{@code task} makes requests of benchmark files, {@code evaluate} answers and measures them.
 */
package ai.llm360.analysis;
