package ai.llm360.common.checkpoint;

/** How a checkpoint is laid out on disk. */
public enum CheckpointLayout {
    /** One safetensors file. */
    SAFETENSORS(false, false),
    /** Safetensors shards under {@code model.safetensors.index.json}. */
    SHARDED_SAFETENSORS(false, true),
    /** One file of {@code torch.save}. */
    TORCH(true, false),
    /** Files of {@code torch.save} under {@code pytorch_model.bin.index.json}. */
    SHARDED_TORCH(true, true);

    private final boolean torch;
    private final boolean sharded;

    CheckpointLayout(boolean torch, boolean sharded) {
        this.torch = torch;
        this.sharded = sharded;
    }

    /**
     * Returns whether the files are torch zips.
     *
     * @return false for safetensors
     */
    public boolean isTorch() {
        return torch;
    }

    /**
     * Returns whether an index file names the files.
     *
     * @return false for a single file
     */
    public boolean isSharded() {
        return sharded;
    }

    static CheckpointLayout of(boolean torch, boolean sharded) {
        if (torch) {
            return sharded ? SHARDED_TORCH : TORCH;
        }
        return sharded ? SHARDED_SAFETENSORS : SAFETENSORS;
    }
}
