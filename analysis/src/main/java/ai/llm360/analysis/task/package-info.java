/**
 * Holds evaluation tasks as pages of data, and turns their documents into requests to a model by
 * the rules of a profile. It loads no engine.
 *
 * <p>Start at {@link ai.llm360.analysis.task.TaskLibrary}, which finds tasks; {@link
 * ai.llm360.analysis.task.TaskData} is the user's directory of benchmark files, and {@link
 * ai.llm360.analysis.task.Task#items} makes the requests. {@link
 * ai.llm360.analysis.task.RequestHashes} identifies them.
 */
package ai.llm360.analysis.task;
