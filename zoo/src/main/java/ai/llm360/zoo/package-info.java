/**
 * Models by name: references, the home that holds checkpoints, and DJL's zoo, repository and
 * translator interfaces.
 *
 * <p>Start at {@link ai.llm360.zoo.Criteria}. No model's mathematics belongs here.
 */
package ai.llm360.zoo;
