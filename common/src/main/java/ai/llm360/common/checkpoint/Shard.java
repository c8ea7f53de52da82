package ai.llm360.common.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The header of one checkpoint file.
 *
 * @param torch whether it is a torch zip rather than safetensors
 * @param tensors its tensors: by offset for safetensors, in the dict's order for torch
 * @param metadata the {@code __metadata__} of safetensors; empty for torch
 * @param placing what the header leaves open of the tensors' places
 */
record Shard(
        Path file,
        boolean torch,
        List<TensorInfo> tensors,
        Map<String, String> metadata,
        Placing placing) {

    /** Of a header that leaves nothing open. */
    static final Placing KNOWN = (tensor, channel) -> tensor;

    /** Says where a tensor lies to whoever is about to read it. */
    interface Placing {

        /** Returns the tensor with its offset as it is, looking into the file if need be. */
        TensorInfo place(TensorInfo tensor, FileChannel channel) throws IOException;
    }
}
