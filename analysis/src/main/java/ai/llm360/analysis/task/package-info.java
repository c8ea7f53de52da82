/**
 * Holds evaluation tasks as pages of data, and turns their documents into requests to a model by
 * the rules of a profile. It loads no engine.
 */
package ai.llm360.analysis.task;
