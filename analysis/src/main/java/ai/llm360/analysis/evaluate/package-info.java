/**
 * Answers requests by a model, and measures the answers: metrics, their standard errors, groups of
 * tasks, and files of results.
 */
package ai.llm360.analysis.evaluate;
