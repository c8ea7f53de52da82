package ai.llm360.common.checkpoint;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What the header of one checkpoint file says.
 *
 * @param file the file
 * @param torch whether it is a torch zip rather than safetensors
 * @param tensors its tensors: by offset for safetensors, in the dict's order for torch
 * @param metadata the {@code __metadata__} of safetensors; empty for torch
 */
record Shard(Path file, boolean torch, List<TensorInfo> tensors, Map<String, String> metadata) {}
