package ai.llm360.examples;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.TokenDatasetBuilder;
import ai.llm360.common.testing.TinyTokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every example runs, on a random model with a tokenizer. */
class ExamplesTest {

    @TempDir Path temp;
    private String model;

    private interface Example {
        void run(String... args) throws Exception;
    }

    @BeforeEach
    void write() throws IOException {
        Path directory = temp.resolve("model");
        TinyAmber.of(TinyAmber.sizes().setVocabularySize(320).optContextLength(128))
                .writeTo(directory);
        TinyTokenizer.llama().words("Once", "upon", "a", "time").writeJson(directory);
        model = directory.toString();
    }

    @Test
    void quick_start_prints_the_prompt_and_its_continuation() throws Exception {
        assertThat(output(QuickStart::main, model, "a time")).startsWith("a time").endsWith("\n");
    }

    @Test
    void without_arguments_the_model_that_comes_with_the_library_writes_javadoc() throws Exception {
        String before = System.getProperty("llm360.home", ""); // an empty one is as none
        System.setProperty("llm360.home", temp.resolve("home").toString());
        try {
            assertThat(output(QuickStart::main)).startsWith("    /** Returns the ").contains(".");
            assertThat(output(InspectCheckpoint::main)).contains("1118080 parameters\n");
        } finally {
            System.setProperty("llm360.home", before);
        }
    }

    @Test
    void streaming_repeats_itself_and_takes_a_prompt() throws Exception {
        String first = output(StreamTokens::main, model, "a time");
        assertThat(first).startsWith("a time").hasSizeGreaterThan("a time\n".length());
        assertThat(output(StreamTokens::main, model, "a time")).isEqualTo(first);
    }

    @Test
    void inspecting_lists_the_tensors_and_measures_one() throws Exception {
        assertThat(output(InspectCheckpoint::main, model))
                .contains("lm_head.weight F32 (320, 32)\n", "39584 parameters\n")
                .containsPattern(
                        "model\\.embed_tokens\\.weight: mean -?0\\.0\\d+, standard dev.*"
                                + " 0\\.1[45]");
        assertThat(output(InspectCheckpoint::main, model, "model.norm.weight"))
                .contains("model.norm.weight: mean ");
    }

    @Test
    void pretraining_goes_on_where_it_was_stopped() throws Exception {
        long[][] rows =
                new Random(1)
                        .ints(8, 0, 32)
                        .mapToObj(ExamplesTest::counting)
                        .toArray(long[][]::new);
        Path data =
                new TokenDatasetBuilder(17, 64)
                        .source("counting", rows)
                        .write(temp.resolve("data"));
        String run = temp.resolve("run").toString();
        String[] small = {
            data.toString(),
            run,
            "model.hidden_size=32",
            "model.vocab_size=64",
            "batch={global: 4, micro: 2}",
            "schedule.total=20",
            "steps=1"
        };
        assertThat(output(PretrainAmber::main, small))
                .containsPattern("loss 4\\.\\d{4}, \\d+ tokens/s\n")
                .contains("saved " + Path.of(run, "resume"));
        small[6] = "steps=0";
        assertThat(output(PretrainAmber::main, small))
                .hasLineCount(2)
                .endsWith("saved " + Path.of(run, "ckpt-000") + "\n");
    }

    @Test
    void pretraining_fits_the_model_to_the_data() throws Exception {
        long[][] rows = new long[16][33];
        Path data =
                new TokenDatasetBuilder(33, 64).source("zeros", rows).write(temp.resolve("data"));
        Path run = temp.resolve("run");
        assertThat(
                        PretrainAmber.run(
                                data.toString(), run.toString(), "schedule.warmup=0", "steps=1"))
                .isZero();
        assertThat(ConfigTree.read(run.resolve("config.yaml")).part("model").orElseThrow().asMap())
                .containsEntry("vocab_size", 64L)
                .containsEntry("max_position_embeddings", 32L)
                .containsEntry("eos_token_id", 2L);
    }

    @Test
    void pretraining_without_what_it_needs_says_its_usage() throws Exception {
        String data =
                new TokenDatasetBuilder(33, 64)
                        .source("zeros", new long[16][33])
                        .write(temp.resolve("data"))
                        .toString();
        String run = temp.resolve("run").toString();
        String[][] bad = {
            {}, {"my-data"}, {"nowhere", run}, {data, run, "stepz=1"}, {data, run, "steps"}
        };
        String[] problems = {
            "", "", "nowhere", "unknown key 'stepz'; did you mean steps", "'steps' is no assignment"
        };
        for (int i = 0; i < bad.length; i++) {
            int number = i;
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            PrintStream before = System.err;
            System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
            try {
                assertThat(PretrainAmber.run(bad[number])).isEqualTo(2);
            } finally {
                System.setErr(before);
            }
            assertThat(err.toString(StandardCharsets.UTF_8))
                    .contains(problems[number], "usage: PretrainAmber DATA RUN [KEY=VALUE]...");
        }
        assertThat(Path.of(run)).doesNotExist();
    }

    @Test
    void fine_tuning_makes_a_model_that_is_then_asked() throws Exception {
        Path talks = temp.resolve("talks.jsonl");
        String talk = "{\"prompt\": \"What is an oak?\", \"response\": \"a tree\"}\n";
        Files.writeString(talks, talk.repeat(16));
        Path run = temp.resolve("chat");
        String[] small = {
            run.toString(),
            "amber-nano-chat",
            "prepare.files=[" + talks + "]",
            "data.path=" + temp.resolve("rows"),
            "data.epochs=10",
            "schedule.peak=1e-2"
        };
        assertThat(output(FineTuneAmberChat::main, small))
                .containsPattern("step 10: loss 0\\.\\d{4}, \\d+ tokens/s\n")
                .endsWith("What is an oak?\na tree\n");
        assertThat(run.resolve("ckpt-009/chat_template.jinja")).isRegularFile();
        assertThat(FineTuneAmberChat.run()).isEqualTo(2);
        assertThat(FineTuneAmberChat.run(run.toString(), "nowhere.yaml")).isEqualTo(2);
    }

    private static long[] counting(int from) {
        return LongStream.range(from, from + 17).toArray();
    }

    private static String output(Example example, String... args) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            example.run(args);
        } finally {
            System.setOut(before);
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
