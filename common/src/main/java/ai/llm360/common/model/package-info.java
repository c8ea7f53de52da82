/**
 * Decoders as blocks: their weights, their passes over layers, the cache, and their gradients.
 *
 * <p>Start at {@link ai.llm360.common.model.CausalDecoder}. No architecture's name or page belongs
 * here.
 */
package ai.llm360.common.model;
