package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.llm360.common.config.PortableMode;
import ai.llm360.common.data.TokenDatasetBuilder;
import ai.llm360.common.run.RunEvent;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.testing.JavaProcess;
import ai.llm360.common.torch.Machine;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Training whose bits are the same on every x86-64 Linux: what other machines computed, real and
 * emulated ones. Each runs in a process of its own.
 */
class PortableTrainingTest {

    private static final String ALL_STEPS = "llm360.oracle";
    private static final String EMULATE = "llm360.emulate";

    @TempDir Path temp;
    private final CommandRun command = new CommandRun();

    @BeforeEach
    void only_where_the_mode_is_one() {
        assumeTrue(PortableMode.isSupported(), "the portable mode is one of x86-64 Linux");
    }

    private List<StepMetrics> pretrain(JavaProcess process, String name, String... more)
            throws IOException, InterruptedException {
        Path run = temp.resolve(name);
        List<String> args = new ArrayList<>(List.of("pretrain", "--portable", "--out=" + run));
        args.addAll(List.of(more));
        process.run(temp, args.toArray(String[]::new));
        return StepMetrics.read(run);
    }

    private static JavaProcess process() {
        return JavaProcess.of(Llm360.class)
                .options("-Dllm360.home=" + System.getProperty("llm360.home"));
    }

    private static List<List<Double>> figures(List<StepMetrics> steps) {
        return steps.stream()
                .map(step -> List.of(step.loss(), step.gradientNorm(), step.learningRate()))
                .toList();
    }

    /**
     * Sixty steps of amber-nano as an Intel CPU with AVX-512 and AMX computed them; the first
     * twelve, unless {@code -Dllm360.oracle=all} asks for all, which may download the data.
     */
    @Test
    void amber_nanos_steps_are_those_of_another_machine_to_the_last_digit() throws Exception {
        Path oracle = Fixtures.shared("fixtures/oracles/portable-amber-nano.json");
        boolean all = "all".equals(System.getProperty(ALL_STEPS));
        Path data = temp.resolve("data");
        List<String> prepare =
                new ArrayList<>(List.of("data", "prepare", "amber-nano", "--out=" + data));
        if (all) {
            prepare.add("--download");
        }
        if (command.run(prepare.toArray(String[]::new)) != 0) {
            abort("amber-nano's texts: " + command.err() + " (-Dllm360.oracle=all fetches them)");
        }
        List<List<Double>> expected = new ArrayList<>();
        JsonObject file = JsonParser.parseString(Files.readString(oracle)).getAsJsonObject();
        JsonArray steps = file.getAsJsonArray("steps");
        for (int i = 0; i < (all ? 60 : 12); i++) {
            JsonObject step = steps.get(i).getAsJsonObject();
            expected.add(
                    Stream.of("loss", "grad_norm", "lr")
                            .map(key -> step.get(key).getAsDouble())
                            .toList());
        }
        List<StepMetrics> trained =
                pretrain(
                        process(),
                        "run",
                        "amber-nano",
                        "--set=steps=" + expected.size(),
                        "--set=schedule.total=860",
                        "--set=data.path=" + data);
        assertThat(figures(trained)).isEqualTo(expected);
    }

    /**
     * Three steps of amber-nano's model by emulated processors: of AMD with AVX2, of Intel with
     * AVX2, and of Intel from before AVX and FMA. It takes minutes.
     */
    @Test
    @Timeout(1800)
    void processors_of_two_makers_compute_the_same_bits() throws Exception {
        assumeTrue(
                Boolean.getBoolean(EMULATE),
                "takes minutes: -D" + EMULATE + "=true runs it, with qemu-user installed");
        assumeTrue(
                Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(each -> Files.isExecutable(Path.of(each, "qemu-x86_64"))),
                "there is no qemu-x86_64 (Debian's package qemu-user)");
        Path data = temp.resolve("noise");
        Random random = new Random(4);
        long[][] rows = new long[8][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = random.longs(257, 0, 2048).toArray();
        }
        new TokenDatasetBuilder(257, 2048).source("noise", rows).chunks(1).write(data);
        String[] args = {
            "amber-nano",
            "--set=data.path=" + data,
            "--set=batch={global: 1, micro: 1}",
            "--set=steps=3",
            "--set=schedule.total=860"
        };
        List<List<Double>> here = figures(pretrain(process(), "here", args));
        assertThat(here).hasSize(3);
        for (String processor : List.of("EPYC", "Haswell", "Westmere")) {
            JavaProcess emulated =
                    process()
                            .options("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m")
                            .launcher(600, "qemu-x86_64", "-cpu", processor);
            assertThat(figures(pretrain(emulated, processor, args))).as(processor).isEqualTo(here);
        }
    }

    @Test
    void a_run_tells_its_mode_and_does_not_go_on_in_the_other() throws Exception {
        TinyRun tiny = TinyRun.in(temp, 2);
        pretrain(process(), "run", tiny.recipe(), "--set=steps=3");
        assertThat(RunEvent.read(tiny.out()).get(0).details())
                .containsEntry("instructions", Machine.PORTABLE)
                .containsEntry("threads", 2L);
        String out = "--out=" + tiny.out();
        command.assertFails(
                1,
                new String[] {"pretrain", out, "--resume", "--set=portable=false"},
                "a run can't change portable: true → false");
    }

    @Test
    void libtorch_that_is_loaded_without_the_mode_is_an_error_that_names_the_cure()
            throws IOException {
        Machine.here(); // loads it
        TinyRun tiny = TinyRun.in(temp, 1);
        String[] args = {"pretrain", tiny.recipe(), "--portable", "--out=" + tiny.out()};
        command.assertFails(
                1, args, "must be set before libtorch is loaded", "PortableMode.apply()");
        assertThat(tiny.out()).doesNotExist();
    }

    @Test
    void bfloat16_is_refused_since_processors_multiply_it_in_ways_of_their_own()
            throws IOException {
        TinyRun tiny = TinyRun.in(temp, 1);
        String[] args = {
            "pretrain", tiny.recipe(), "--portable", "--dtype=bf16", "--out=" + tiny.out()
        };
        command.assertFails(1, args, "portable needs precision fp32");
    }
}
