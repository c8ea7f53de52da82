package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.zoo.testing.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Long use takes no more memory than short use. DJL frees nothing by itself, so what is forgotten
 * stays: its own count shows arrays, the resident size also packed weights, pages and tokenizers.
 */
class LeakTest {

    /**
     * What the resident size may grow by. The JVM's heap and compiled code and malloc's arenas move
     * by up to 20 MB in such a run. A leak of the smallest things shows: 200 generations that
     * forgot their caches would keep 200 × 0.3 MB, 50 loads that forgot their pages and tokenizers
     * 50 × 3 MB.
     */
    private static final long TOLERANCE_MB = 32;

    @TempDir Path temp;
    private Path directory;

    @BeforeEach
    void write() throws IOException {
        directory = TinyModel.writeTo(temp.resolve("model"));
    }

    private Criteria<String, String> criteria() {
        return Criteria.of(directory.toString()).optArgument("max_new_tokens", 3);
    }

    @Test
    void two_hundred_generations_leave_no_array_and_no_memory_behind() throws Exception {
        try (ZooModel<String, String> model = criteria().loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            repeat(50, 200, () -> predictor.predict("once upon a time"));
        }
    }

    @Test
    void fifty_models_loaded_and_closed_leave_no_array_and_no_memory_behind() throws Exception {
        repeat(
                20,
                50,
                () -> {
                    try (ZooModel<String, String> model = criteria().loadModel();
                            Predictor<String, String> predictor = model.newPredictor()) {
                        predictor.predict("once");
                    }
                });
    }

    @FunctionalInterface
    private interface Work {
        void run() throws Exception;
    }

    private static void repeat(int warmUp, int times, Work work) throws Exception {
        for (int i = 0; i < warmUp; i++) {
            work.run();
        }
        int arrays = TinyModel.liveArrays();
        long resident = residentMegabytes();
        for (int i = 0; i < times; i++) {
            work.run();
        }
        assertThat(TinyModel.liveArrays()).isEqualTo(arrays);
        assertThat(residentMegabytes()).isLessThan(resident + TOLERANCE_MB);
    }

    /** Returns the process's resident size, or 0 where the system doesn't say. */
    private static long residentMegabytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        System.gc(); // the heap's garbage is not what is measured
        return Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .findFirst()
                        .orElse(0)
                / 1024;
    }
}
