package ai.llm360.common.checkpoint;

/** Layouts of a checkpoint on disk. */
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

    /** {@return whether the files are torch zips, rather than safetensors} */
    public boolean isTorch() {
        return torch;
    }

    /** {@return whether an index file names the files; a single file has none} */
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
