/**
 * Follows one question through the checkpoints of a series: how probable an answer is, how much of
 * each chunk is memorized, and when a text was first seen.
 *
 * <p>{@link ai.llm360.analysis.series.CheckpointModels} loads one checkpoint after another; nothing
 * here holds two at once.
 */
package ai.llm360.analysis.series;
