package ai.llm360.common.checkpoint;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Assigns tensors to files, and names the files.
 *
 * <p>As transformers' {@code shard_checkpoint}: tensors in the order given fill a shard until the
 * next one would pass the limit; a tensor larger than the limit gets a shard of its own.
 */
final class ShardPlan {

    private final List<List<TensorSpec>> shards = new ArrayList<>();

    /** Plans shards, in which wider types go first unless the order is kept. */
    ShardPlan(List<TensorSpec> tensors, long maxShardBytes, boolean keptOrder) {
        List<TensorSpec> current = new ArrayList<>();
        long bytes = 0;
        for (TensorSpec tensor : tensors) {
            long size = tensor.byteLength();
            if (!current.isEmpty() && size > maxShardBytes - bytes) {
                shards.add(keptOrder ? current : aligned(current));
                current = new ArrayList<>();
                bytes = 0;
            }
            current.add(tensor);
            bytes += size;
        }
        shards.add(keptOrder ? current : aligned(current));
    }

    int count() {
        return shards.size();
    }

    /** Returns a shard's tensors in the order of their data. */
    List<TensorSpec> tensors(int shard) {
        return shards.get(shard);
    }

    /** Returns a shard's file name in the Hub's form, such as model-00001-of-00003.safetensors. */
    String fileName(int shard) {
        return count() == 1
                ? "model.safetensors"
                : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", shard + 1, count());
    }

    /** Wider types first, as the reference writer does, so that every element starts aligned. */
    private static List<TensorSpec> aligned(List<TensorSpec> tensors) {
        return tensors.stream()
                .sorted(Comparator.comparingInt(tensor -> -tensor.type().byteSize()))
                .toList();
    }
}
