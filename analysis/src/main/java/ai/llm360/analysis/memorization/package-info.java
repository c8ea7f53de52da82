/**
 * Measures what a model has kept of a text: memorization scores and extractability of training
 * rows, and perplexity.
 *
 * <p>{@link ai.llm360.analysis.memorization.Memorization} is where to begin; nothing here knows of
 * more than one model.
 */
package ai.llm360.analysis.memorization;
