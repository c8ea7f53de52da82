package ai.llm360.common.run;

import ai.llm360.common.checkpoint.TensorSource;
import ai.llm360.common.checkpoint.TensorSpec;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a saved state is made of, beside the run's own configuration and data manifest.
 *
 * @param state where the run stands
 * @param weights the model's tensors, under the names of its checkpoints
 * @param weightSource gives their bytes, one tensor at a time
 * @param optimizer the optimizer's tensors, such as {@code exp_avg.<weight>}; empty if it has none
 * @param optimizerSource gives their bytes, one tensor at a time
 * @param files small files that make the directory a model: {@code config.json}, the tokenizer's
 */
public record StateContents(
        TrainingState state,
        List<TensorSpec> weights,
        TensorSource weightSource,
        List<TensorSpec> optimizer,
        TensorSource optimizerSource,
        Map<String, byte[]> files) {

    /**
     * Creates a description.
     *
     * @throws IllegalArgumentException if there are no weights, two tensors have one name, or a
     *     file has a name that the saved state itself uses
     */
    public StateContents {
        weights = List.copyOf(weights);
        optimizer = List.copyOf(optimizer);
        files = Map.copyOf(files);
        if (weights.isEmpty()) {
            throw new IllegalArgumentException("a saved state needs at least one weight");
        }
        Set<String> names = new HashSet<>();
        for (List<TensorSpec> tensors : List.of(weights, optimizer)) {
            for (TensorSpec tensor : tensors) {
                if (!names.add(tensor.name())) {
                    throw new IllegalArgumentException("two tensors are named " + tensor.name());
                }
            }
        }
        for (String name : files.keySet()) {
            if (StateWriter.OWN_FILES.contains(name)) {
                throw new IllegalArgumentException(
                        "a saved state has a " + name + " of its own; name the file otherwise");
            }
        }
    }
}
