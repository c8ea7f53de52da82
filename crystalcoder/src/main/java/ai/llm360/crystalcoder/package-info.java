/** CrystalCoder: its configuration, its block, its page of TorchScript, its recipes. */
package ai.llm360.crystalcoder;
