/**
 * Continuing and scoring texts: sampling, stopping, streaming.
 *
 * <p>Start at {@link ai.llm360.common.generate.TextGenerator}. Nothing here knows an architecture;
 * a model is a {@link ai.llm360.common.model.CausalLanguageModel}.
 */
package ai.llm360.common.generate;
