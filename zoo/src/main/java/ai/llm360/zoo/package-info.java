/**
 * Models by name: references, the home that holds checkpoints, and DJL's zoo, repository and
 * translator interfaces.
 *
 * <p>Start at {@link ai.llm360.zoo.Criteria} to load one, at {@link ai.llm360.zoo.Zoo} to see what
 * there is. No model's mathematics belongs here.
 */
package ai.llm360.zoo;
