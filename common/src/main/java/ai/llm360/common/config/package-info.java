/**
 * Configuration: trees of names and values, read from YAML or JSON, and the records that they
 * become; and {@link ai.llm360.common.config.EngineSettings}, for what a process must set before
 * DJL's natives are loaded.
 *
 * <p>Start at {@link ai.llm360.common.config.ConfigTree}. What may be configured is said by the
 * records of other packages; no key is named here.
 */
package ai.llm360.common.config;
