package ai.llm360.common.checkpoint;

/** Layouts of a checkpoint on disk. */
public enum CheckpointLayout {
    /** One safetensors file. */
    SAFETENSORS,
    /** Safetensors shards under {@code model.safetensors.index.json}. */
    SHARDED_SAFETENSORS,
    /** One file of {@code torch.save}. */
    TORCH,
    /** Files of {@code torch.save} under {@code pytorch_model.bin.index.json}. */
    SHARDED_TORCH;

    static CheckpointLayout of(boolean torch, boolean sharded) {
        if (torch) {
            return sharded ? SHARDED_TORCH : TORCH;
        }
        return sharded ? SHARDED_SAFETENSORS : SAFETENSORS;
    }
}
