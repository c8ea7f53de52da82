package ai.llm360.common.run;

import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.TensorSource;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.common.checkpoint.TensorType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Makes small states: two weights, two moments of each, filled from the step and the name. */
final class States {

    static final List<TensorSpec> WEIGHTS = List.of(floats("embed", 6, 4), floats("head", 4, 6));

    static final List<TensorSpec> OPTIMIZER =
            List.of(
                    floats("exp_avg.embed", 6, 4),
                    floats("exp_avg.head", 4, 6),
                    floats("exp_avg_sq.embed", 6, 4),
                    floats("exp_avg_sq.head", 4, 6));

    private States() {}

    static TrainingState at(long step) {
        return new TrainingState(step, (int) (step / 100), step % 100, step * 64, -7 - step, step);
    }

    static StateContents of(long step) {
        return of(step, source(step), source(step));
    }

    static StateContents of(long step, TensorSource weights, TensorSource optimizer) {
        byte[] config = "{\"model_type\": \"llama\"}".getBytes(StandardCharsets.UTF_8);
        return new StateContents(
                at(step), WEIGHTS, weights, OPTIMIZER, optimizer, Map.of("config.json", config));
    }

    static TensorSource source(long step) {
        return (tensor, out) -> out.write(ByteBuffer.wrap(bytes(tensor, step)));
    }

    static byte[] bytes(TensorSpec tensor, long step) {
        byte[] bytes = new byte[(int) tensor.byteLength()];
        new Random(31 * step + tensor.name().hashCode()).nextBytes(bytes);
        return bytes;
    }

    private static TensorSpec floats(String name, long... shape) {
        return new TensorSpec(name, TensorType.F32, new Shape(shape));
    }
}
