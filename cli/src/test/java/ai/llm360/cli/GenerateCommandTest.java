package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.util.cuda.CudaUtils;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerateCommandTest {

    @TempDir Path temp;
    private String model;
    private final CommandRun command = new CommandRun();

    @BeforeEach
    void write() throws IOException {
        model = TinyModel.withTokenizer(temp.resolve("model"));
    }

    private JsonObject json(String... more) {
        String[] args = new String[more.length + 4];
        args[0] = "generate";
        args[1] = model;
        args[2] = "--json";
        args[3] = "--max-new-tokens=9";
        System.arraycopy(more, 0, args, 4, more.length);
        return command.json(args);
    }

    @Test
    void json_holds_the_continuation_alone_and_the_prompt_apart() {
        JsonObject made = json("Hello", "world", "--ignore-eos");
        assertThat(made.keySet())
                .containsExactly("text", "ids", "logprobs", "finish_reason", "prompt_ids");
        assertThat(made.getAsJsonArray("ids")).hasSize(9);
        assertThat(made.getAsJsonArray("logprobs"))
                .hasSize(9)
                .allSatisfy(p -> assertThat(p.getAsDouble()).isNegative());
        assertThat(made.get("finish_reason").getAsString()).isEqualTo("length");
        assertThat(made.getAsJsonArray("prompt_ids").get(0).getAsLong()).isEqualTo(1);
        // The same prompt, as its ids: bit for bit the same continuation.
        String ids = made.getAsJsonArray("prompt_ids").toString().replaceAll("[\\[\\]]", "");
        assertThat(json("--ids", ids, "--ignore-eos")).isEqualTo(made);
    }

    @Test
    void a_pipe_gets_the_continuation_alone_and_a_terminal_the_prompt_before_it() {
        String text = json("Hello").get("text").getAsString();
        assertThat(command.run("generate", model, "Hello", "--max-new-tokens=9")).isZero();
        assertThat(command.out()).isEqualTo(text + "\n");
        command.onTerminal();
        assertThat(command.run("generate", model, "Hello", "--max-new-tokens=9")).isZero();
        assertThat(text).contains("\f"); // a control character: a terminal is shown an escape
        String shown = text.replace("\f", "\\u000c");
        assertThat(command.out()).isEqualTo("Hello" + shown + "\n");
    }

    @Test
    void reads_the_prompt_from_standard_input_without_its_last_lines_end() {
        JsonObject expected = json("Hello\nworld");
        command.withInput("Hello\nworld\n");
        assertThat(json()).isEqualTo(expected);
        assertThat(json("-")).isEqualTo(expected);
    }

    @Test
    void a_missing_prompt_is_wrong_use() {
        command.assertWrongUse(
                "llm360 generate: Missing prompt: there is none on standard input"
                        + " (see llm360 generate --help)\n",
                "generate",
                model);
        command.onTerminal()
                .assertWrongUse(
                        "llm360 generate: Missing prompt: give PROMPT, --ids, or - to type it"
                                + " (see llm360 generate --help)\n",
                        "generate",
                        model);
    }

    @Test
    void prints_ids_where_there_is_no_tokenizer() throws IOException {
        String bare = TinyModel.withoutTokenizer(temp.resolve("bare"));
        String[] args = {"generate", bare, "--ids", "1,17", "--max-new-tokens=3", "--ignore-eos"};
        assertThat(command.run(args)).isZero();
        assertThat(command.out()).matches("\\d+ \\d+ \\d+\n");
        JsonObject made =
                command.json(
                        "generate",
                        bare,
                        "--ids=1,17",
                        "--max-new-tokens=3",
                        "--ignore-eos",
                        "--json");
        assertThat(made.get("text").isJsonNull()).isTrue();
        JsonArray ids = made.getAsJsonArray("ids");
        command.run(args);
        assertThat(command.out())
                .isEqualTo("%s %s %s\n".formatted(ids.get(0), ids.get(1), ids.get(2)));
        command.assertFails(1, new String[] {"generate", bare, "Hello"}, "has no tokenizer");
    }

    @Test
    void a_stop_text_ends_the_continuation_and_is_not_in_it() {
        String text = json("Hello", "--ignore-eos").get("text").getAsString();
        int middle = text.offsetByCodePoints(0, text.codePointCount(0, text.length()) / 2);
        String stop = Character.toString(text.codePointAt(middle));
        JsonObject made = json("Hello", "--ignore-eos", "--stop", "absent", "--stop", stop);
        assertThat(made.get("text").getAsString()).isEqualTo(text.substring(0, text.indexOf(stop)));
        assertThat(made.get("finish_reason").getAsString()).isEqualTo("stop");
    }

    @Test
    void a_seed_repeats_its_draws() {
        String[] drawn = {"Hello", "--temperature=1.5", "--top-k=50", "--top-p=0.9", "--seed=3"};
        assertThat(json(drawn)).isEqualTo(json(drawn));
        drawn[4] = "--seed=4";
        JsonObject other = json(drawn);
        drawn[4] = "--seed=3";
        assertThat(json(drawn)).isNotEqualTo(other);
    }

    @Test
    void other_types_and_a_penalty_are_taken() {
        assertThat(json("Hello", "--dtype", "bfloat16", "--device", "cpu").get("text")).isNotNull();
        assertThat(json("Hello", "--repetition-penalty", "5").get("ids"))
                .isNotEqualTo(json("Hello").get("ids"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    --temperature    | -1     | temperature must be 0 (greedy) or from 1e-30 to 1e30, not -1.0
                    --temperature    | hot    | 'hot' is not a double
                    --top-p          | 0      | top-p must be above 0 (2.3e-308 or more) and at most 1
                    --top-k          | -2     | top-k must be 0 (off) or more
                    --max-new-tokens | 0      | max new tokens must be positive
                    --stop           | ''     | a stop string can't be empty
                    --dtype          | foo    | no dtype 'foo': choose one of fp32, bf16, fp16, int8
                    --device         | tpu    | no device 'tpu': choose cpu, cuda or cuda:N
                    --ids            | 1,x    | 'x' is not a long
                    --ids            | 1,-2   | token ids are 0 or more
                    --ids            | 1      | --ids takes the place of PROMPT
                    """)
    void a_wrong_value_is_one_line_and_status_2(String option, String value, String message) {
        String[] args = {"generate", model, "Hello", option, value};
        if (option.equals("--ids") && !value.equals("1")) {
            args = new String[] {"generate", model, option, value};
        }
        command.assertFails(2, args, "llm360 generate: ", message);
    }

    @Test
    void an_id_outside_the_vocabulary_is_a_failure_that_says_so() {
        command.assertFails(
                1,
                new String[] {"generate", model, "--ids=1,999", "--json"},
                "token id 999",
                "319");
    }

    @Test
    void a_gpu_that_is_not_there_is_one_line() {
        Assumptions.assumeTrue(CudaUtils.getGpuCount() == 0, "this machine has a GPU");
        command.assertFails(
                1,
                new String[] {"generate", model, "Hello", "--device", "cuda:1", "--json"},
                "cuda:1 was asked for, but no CUDA device is found on this machine; there is cpu");
    }

    @Test
    void an_unknown_model_type_is_refused_by_name() throws IOException {
        Files.writeString(Path.of(model, "config.json"), "{\"model_type\": \"mamba\"}");
        command.assertFails(
                1, new String[] {"generate", model, "Hello"}, "model_type is 'mamba'", "'llama'");
    }

    @Test
    void a_reference_that_names_nothing_says_what_is_near() {
        command.assertFails(
                1,
                new String[] {"generate", temp.resolve("modle").toString(), "Hello", "--json"},
                "no checkpoint at",
                "beside it there is model");
        command.assertFails(
                1, new String[] {"generate", "llama/x y", "Hello"}, "names no model", "amber@");
    }

    @Test
    void a_file_is_no_model_to_run() {
        command.assertFails(
                1,
                new String[] {"generate", model + "/model.safetensors", "Hello"},
                "is a file; a model is loaded from the directory");
    }

    @Test
    void an_interrupt_ends_the_line_and_says_nothing() {
        Thread.currentThread().interrupt(); // as Ctrl-C does
        int status = command.run("generate", model, "Hello");
        boolean pending = Thread.interrupted(); // cleared for the tests that follow
        assertThat(status).as("pending: %s", pending).isEqualTo(130);
        assertThat(command.err()).isEmpty();
    }
}
