/**
 * Blocks whose mathematics is TorchScript text, and the bridge to libtorch that runs it.
 *
 * <p>Start at {@link ai.llm360.common.nn.CausalDecoder}; {@link ai.llm360.common.nn.TorchScript} is
 * the bridge. No architecture's name or page belongs here, and no tensor in bfloat16 is created or
 * cast anywhere else.
 */
package ai.llm360.common.nn;
