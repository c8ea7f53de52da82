package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.amber.testing.TinyRun;
import ai.llm360.common.train.TrainingConfig.Checkpoints;
import ai.llm360.zoo.testing.TinyModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Long use takes no more memory than short use. DJL frees nothing by itself, so what is forgotten
 * stays: its own count shows arrays, the resident size also packed weights, pages and tokenizers.
 */
class LeakTest {

    /**
     * What the resident size may grow by; the heap's share of it is fixed, see the pom. Compiled
     * code and malloc's arenas moved by 1 to 4 MB in such runs. A model that is loaded and not
     * closed costs 8 MB, most of it in compiled pages, so 50 show at 400 MB. What would hide here
     * is less than 0.08 MB a generation or 0.32 MB a load; where that is an array, the count shows
     * it.
     */
    private static final long TOLERANCE_MB = 16;

    /**
     * The same for training. Compiled code and malloc's arenas, of which the threads of autograd
     * and of the writing of states have their own, grow by 60 to 100 MB in the first 400 steps and
     * by 1 to 20 MB in the next 500. The gradients of one step are 0.1 MB and its activations 0.3
     * MB: either of them kept at each step would be more than this.
     */
    private static final long TRAINING_TOLERANCE_MB = 48;

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

    @Test
    void five_hundred_training_steps_leave_no_array_and_no_memory_behind() throws Exception {
        List<Long> arrays = new ArrayList<>();
        List<Long> resident = new ArrayList<>();
        TinyRun run =
                new TinyRun()
                        .stepsPerChunk(300) // 900 steps
                        .checkpoints(new Checkpoints(50, 2, true));
        run.afterEachStep(
                amber -> {
                    int step = run.metrics().size();
                    if (step % 100 == 0) { // often, as buffers are freed when garbage is collected
                        arrays.add((long) TinyModel.liveArrays());
                        resident.add(residentMegabytes());
                    }
                });
        run.run(temp.resolve("run"));
        assertThat(arrays).hasSize(9);
        // At least each weight, its gradient and AdamW's two means.
        assertThat(arrays.get(0)).isGreaterThan(4 * 21);
        assertThat(arrays).containsOnly(arrays.get(0));
        assertThat(resident.get(8))
                .as("%s", resident)
                .isLessThan(resident.get(3) + TRAINING_TOLERANCE_MB);
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
    private static long residentMegabytes() {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        System.gc(); // buffers that only garbage holds are not what is looked for
        try (Stream<String> lines = Files.lines(status)) {
            long kilobytes =
                    lines.filter(line -> line.startsWith("VmRSS:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                            .findFirst()
                            .orElse(0);
            return kilobytes / 1024;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
