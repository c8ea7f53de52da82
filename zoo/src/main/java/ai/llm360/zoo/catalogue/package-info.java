/**
 * Knows what LLM360 published: names, places on the Hub, and published scores, by rules and by what
 * the Hub has said. How a checkpoint's name may be spelled is said here, once.
 *
 * <p>Start at {@link ai.llm360.zoo.catalogue.Catalogue}. No file of a checkpoint is opened here.
 */
package ai.llm360.zoo.catalogue;
