/**
 * Amber: its configuration, its block, its page of TorchScript.
 *
 * <p>Start at {@link ai.llm360.amber.Amber}. Files, network and command line don't belong here.
 */
package ai.llm360.amber;
