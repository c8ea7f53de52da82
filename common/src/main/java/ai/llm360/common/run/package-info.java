/**
 * A training run on disk: its configuration, its logs, and the states to resume it from.
 *
 * <p>Start at {@link ai.llm360.common.run.RunDirectory}. {@link ai.llm360.common.run.SavedState} is
 * one saved state, which is also a model's checkpoint; {@link ai.llm360.common.run.RunLog} writes
 * what happened. {@code docs/formats/runs.md} states the formats.
 *
 * <p>What may not live here: anything that computes, reads a configuration's meaning, or needs a
 * running engine. Configurations and data manifests are text to this package.
 */
package ai.llm360.common.run;
