/**
 * Model checkpoints on disk: safetensors and torch files, whole or in shards.
 *
 * <p>Start at {@link ai.llm360.common.checkpoint.Checkpoint}: it reads the headers of a directory
 * or file and offers its tensors by name. {@link ai.llm360.common.checkpoint.CheckpointWriter}
 * writes one, {@link ai.llm360.common.checkpoint.CheckpointConverter} turns any readable one into
 * another type or shard size, and {@link ai.llm360.common.checkpoint.TensorMatcher} compares one
 * with what a model expects. {@code docs/formats/checkpoints.md} states the rules.
 *
 * <p>Everything here is bytes in and bytes out. What may not live here: anything that needs a
 * running engine or an {@code NDManager}, anything that knows a model by name, and anything that
 * reaches the network.
 */
package ai.llm360.common.checkpoint;
