/**
 * Holds what users hold: models by name, series of checkpoints, and the classes that DJL finds by
 * their names, which stand in published files and so stay here.
 *
 * <p>Start at {@link ai.llm360.zoo.Criteria} to load one, at {@link ai.llm360.zoo.Zoo} to see what
 * there is, at {@link ai.llm360.zoo.Series} to study many. It stands on {@code source}, {@code
 * catalogue} and {@code djl}; {@code transfer} and {@code reproduce} stand on it. No model's
 * mathematics belongs here.
 */
package ai.llm360.zoo;
