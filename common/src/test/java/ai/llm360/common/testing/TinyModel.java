package ai.llm360.common.testing;

import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.CheckpointWriter;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.common.checkpoint.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Random weights of a few shapes, small enough for a test, to be written as a checkpoint. */
public final class TinyModel {

    private final Map<String, Shape> shapes;
    private final String configJson;
    private final Map<String, float[]> weights = new LinkedHashMap<>();

    /**
     * Draws weights: matrices around 0, gains around 1, biases around 0. The same shapes give the
     * same weights.
     */
    public TinyModel(Map<String, Shape> shapes, String configJson) {
        this.shapes = shapes;
        this.configJson = configJson;
        Random random = new Random(7);
        shapes.forEach(
                (name, shape) -> {
                    float[] values = new float[(int) shape.size()];
                    boolean vector = shape.dimension() == 1;
                    double mean = vector && !name.endsWith("bias") ? 1 : 0;
                    for (int i = 0; i < values.length; i++) {
                        values[i] = (float) (mean + (vector ? 0.1 : 0.15) * random.nextGaussian());
                    }
                    weights.put(name, values);
                });
    }

    /** Returns a tensor's elements, which may be changed before they are written. */
    public float[] weight(String name) {
        return weights.get(name);
    }

    /** Writes the model as safetensors with its config.json and returns the directory. */
    public Path writeTo(Path directory) throws IOException {
        List<TensorSpec> specs = new ArrayList<>();
        shapes.forEach((name, shape) -> specs.add(new TensorSpec(name, TensorType.F32, shape)));
        CheckpointWriter.builder()
                .setDirectory(directory)
                .setTensors(specs)
                .setSource(
                        (spec, channel) -> {
                            float[] values = weights.get(spec.name());
                            ByteBuffer bytes =
                                    ByteBuffer.allocate(4 * values.length)
                                            .order(ByteOrder.LITTLE_ENDIAN);
                            bytes.asFloatBuffer().put(values);
                            channel.write(bytes);
                        })
                .optFile("config.json", configJson.getBytes(StandardCharsets.UTF_8))
                .build()
                .write();
        return directory;
    }
}
