/**
 * The bridge to libtorch: pages of TorchScript, tensors mapped from checkpoints, and the machine
 * that computes.
 *
 * <p>Start at {@link ai.llm360.common.torch.TorchScript}. Beside it and the model's pages, nothing
 * creates or casts a tensor in bfloat16, of which DJL has no name.
 */
package ai.llm360.common.torch;
