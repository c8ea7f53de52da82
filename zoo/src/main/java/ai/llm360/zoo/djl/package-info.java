/**
 * Speaks to DJL: a model's arguments, the architectures that there are blocks for, the translator
 * of DJL Serving's requests, and the one writer and reader of {@code metadata.json}.
 *
 * <p>Start at {@link ai.llm360.zoo.djl.ModelArgument}. Nothing here knows where a model comes from.
 */
package ai.llm360.zoo.djl;
