/**
 * Short programs to copy from. Start at {@link ai.llm360.examples.QuickStart}.
 *
 * <p>Each stands alone: nothing here is shared, and nothing imports it.
 */
package ai.llm360.examples;
