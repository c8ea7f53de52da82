/**
 * Makes published series anew: recipes by name, their data, and the comparison of two trainings.
 *
 * <p>Start at {@link ai.llm360.zoo.reproduce.Reproduction}, at {@link
 * ai.llm360.zoo.reproduce.Recipes} for a training of one's own.
 */
package ai.llm360.zoo.reproduce;
