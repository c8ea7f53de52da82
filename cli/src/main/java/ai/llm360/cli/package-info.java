/**
 * The {@code llm360} command. {@link ai.llm360.cli.Llm360} is the entry; each verb is one class,
 * listed there, that turns arguments into a library call and the result into a table or JSON.
 *
 * <p>What may not live here: anything that a program using the library would want, too.
 */
package ai.llm360.cli;
