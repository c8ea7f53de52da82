/**
 * Runs Python programs that a model wrote, apart from everything else. {@link
 * ai.llm360.analysis.code.Sandbox} is where to begin. It loads no engine and knows no task.
 */
package ai.llm360.analysis.code;
