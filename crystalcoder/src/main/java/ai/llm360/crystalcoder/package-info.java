/**
 * CrystalCoder: its configuration, its block, its page of TorchScript.
 *
 * <p>Start at {@link ai.llm360.crystalcoder.CrystalCoder}. Network and command line don't belong
 * here.
 */
package ai.llm360.crystalcoder;
