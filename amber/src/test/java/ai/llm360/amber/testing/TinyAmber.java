package ai.llm360.amber.testing;

import ai.djl.ndarray.types.Shape;
import ai.llm360.amber.Amber;
import ai.llm360.amber.AmberConfig;
import ai.llm360.amber.AmberConfigBuilder;
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

/** Random models of the LLaMA architecture, small enough for a test, written as a checkpoint. */
public final class TinyAmber {

    private final AmberConfig config;
    private final Map<String, float[]> weights = new LinkedHashMap<>();
    private final Map<String, Shape> shapes;

    private TinyAmber(AmberConfig config) {
        this.config = config;
        shapes = new Amber(config).parameterShapes();
        Random random = new Random(7);
        shapes.forEach(
                (name, shape) -> {
                    float[] values = new float[(int) shape.size()];
                    for (int i = 0; i < values.length; i++) {
                        double scale = shape.dimension() == 1 ? 0.1 : 0.15;
                        double mean = shape.dimension() == 1 ? 1 : 0;
                        values[i] = (float) (mean + scale * random.nextGaussian());
                    }
                    weights.put(name, values);
                });
    }

    /** Returns the sizes that most tests use, to be changed where a test needs others. */
    public static AmberConfigBuilder sizes() {
        return AmberConfig.builder()
                .setVocabularySize(96)
                .setHiddenSize(32)
                .setIntermediateSize(56)
                .setLayers(2)
                .setHeads(4)
                .optContextLength(64)
                .optDtype(TensorType.F32);
    }

    /** Returns a random model of the given sizes; the same sizes give the same weights. */
    public static TinyAmber of(AmberConfigBuilder sizes) {
        return new TinyAmber(sizes.build());
    }

    public AmberConfig config() {
        return config;
    }

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
                .optFile("config.json", config.toJson().getBytes(StandardCharsets.UTF_8))
                .build()
                .write();
        return directory;
    }
}
