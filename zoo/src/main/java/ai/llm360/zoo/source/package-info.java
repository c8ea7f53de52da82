/**
 * Holds the places that checkpoints come from: the Hub's cache, the model home, the library's jar,
 * static trees, and directories of runs.
 *
 * <p>Start at {@link ai.llm360.zoo.source.TrainedModel} for runs, at {@link
 * ai.llm360.zoo.source.StaticTree} for trees. What is the same of all places is a {@code Series}, a
 * floor above.
 */
package ai.llm360.zoo.source;
