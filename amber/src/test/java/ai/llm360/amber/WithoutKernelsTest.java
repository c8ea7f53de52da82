package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDManager;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.config.EngineSettings;
import ai.llm360.common.model.InferenceBackend;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.testing.Decoding;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs a model where the kernels' module isn't on the class path. */
class WithoutKernelsTest {

    private static final long[] IDS = {1, 17, 90, 3, 3, 42, 55};

    /** Prints what there is, then the logits in bf16 and in int8. */
    static final class Program {

        private Program() {}

        public static void main(String[] args) throws IOException {
            System.out.println(InferenceBackend.find());
            System.out.println(logits(Path.of(args[0]), WeightType.BF16));
            System.out.println(logits(Path.of(args[0]), WeightType.INT8));
        }
    }

    private static String logits(Path model, WeightType type) throws IOException {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            Amber amber = new Amber(AmberConfig.read(model.resolve("config.json")));
            WeightLoader.load(amber, model, manager, type, null);
            return Arrays.toString(Decoding.oneByOne(amber, manager, IDS, false).toFloatArray());
        }
    }

    @Test
    void bf16_and_int8_are_computed_by_the_page(@TempDir Path temp) throws Exception {
        Optional<InferenceBackend> backend = InferenceBackend.find();
        assumeThat(backend).as("this machine has kernels").isPresent();
        TinyAmber.of(TinyAmber.sizes()).writeTo(temp.resolve("fp32"));
        Path model = temp.resolve("bf16");
        CheckpointConverter.builder()
                .setSource(temp.resolve("fp32"))
                .setTarget(model)
                .optType(TensorType.BF16)
                .build()
                .convert();
        Path kernels =
                Path.of(
                        backend.get()
                                .getClass()
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toURI());
        String classPath =
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry -> !Path.of(entry).toAbsolutePath().equals(kernels))
                        .collect(Collectors.joining(File.pathSeparator));
        Path out = temp.resolve("out");
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Dai.djl.pytorch.num_threads=" + EngineSettings.threads(),
                                "-cp",
                                classPath,
                                Program.class.getName(),
                                model.toString())
                        .redirectOutput(out.toFile())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        assertThat(process.waitFor()).isZero();
        assertThat(Files.readAllLines(out))
                .isEqualTo(
                        List.of(
                                "Optional.empty",
                                logits(model, WeightType.BF16),
                                logits(model, WeightType.INT8)));
    }
}
