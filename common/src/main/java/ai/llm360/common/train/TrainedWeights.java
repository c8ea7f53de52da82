package ai.llm360.common.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorMatcher;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.torch.TensorLoader;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Where the weights and the optimizer's state of a run come from: a seed, or a saved state. */
final class TrainedWeights {

    private TrainedWeights() {}

    /**
     * Draws a decoder's weights, unless it has some to begin with. The seed is one of 31 bits.
     *
     * <p>One thread at a time: libtorch's generator is that of all.
     */
    static synchronized void begin(CausalDecoder decoder, NDManager manager, long seed) {
        if (!decoder.isInitialized()) {
            manager.getEngine().setRandomSeed(Math.toIntExact(seed));
            decoder.initialize(manager, DataType.FLOAT32, new Shape(1, 1));
        }
    }

    /**
     * Brings back a saved state.
     *
     * @param weights the weights by name, which are overwritten
     * @throws IOException if a file is damaged, naming it, before anything is overwritten
     */
    static void restore(
            SavedState saved,
            Map<String, NDArray> weights,
            WeightUpdate optimizer,
            NDManager manager)
            throws IOException {
        saved.verify();
        try (Checkpoint stored = saved.openWeights();
                Checkpoint state = saved.openOptimizer()) {
            Map<String, TensorInfo> storedWeights = match(stored, weights);
            Map<String, TensorInfo> storedState = match(state, optimizer.state());
            try (TensorLoader loader = new TensorLoader(manager)) {
                weights.forEach((name, array) -> loader.read(storedWeights.get(name), array));
                optimizer
                        .state()
                        .forEach((name, array) -> loader.read(storedState.get(name), array));
            }
        }
        optimizer.setUpdates(saved.state().updates());
    }

    private static Map<String, TensorInfo> match(Checkpoint stored, Map<String, NDArray> arrays)
            throws IOException {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        arrays.forEach((name, array) -> shapes.put(name, array.getShape()));
        return new TensorMatcher(shapes, List.of()).match(stored);
    }
}
