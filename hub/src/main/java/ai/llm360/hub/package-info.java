/**
 * Files of the Hugging Face Hub, whole and verified, in the cache that Python shares.
 *
 * <p>Start at {@link ai.llm360.hub.HubClient}. Nothing here knows what a model is, or any
 * repository by name.
 */
package ai.llm360.hub;
