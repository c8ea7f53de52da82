package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.testing.TinyTokenizer;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Llm360Test {

    @TempDir Path directory;
    private String model;
    private final CommandRun command = new CommandRun();

    @BeforeEach
    void write() {
        TinyTokenizer.llama().words("Hello", "wörld").writeJson(directory);
        model = directory.toString();
    }

    @Test
    void help_and_version_go_to_standard_output() {
        assertThat(run("--help")).isZero();
        assertThat(out()).contains("Usage: llm360", "tokenize");
        assertThat(run("tokenize", "--help")).isZero();
        assertThat(out()).contains("Usage: llm360 tokenize", "--decode");
        assertThat(run("--version")).isZero();
        assertThat(out()).matches("llm360 \\d+\\.\\d+\\S* \\(Java 1?\\d.*\\)\n");
        assertThat(err()).isEmpty();
    }

    @Test
    void wrong_use_is_one_line_and_status_2() {
        assertThat(run()).isEqualTo(2); // HelpTest says what it prints
        assertWrongUse(
                "llm360 tokenize: Missing required parameter: 'REF' (see llm360 tokenize --help)\n",
                "tokenize");
        assertWrongUse(
                "llm360 tokenize: Missing text: give TEXT, or ids with --decode"
                        + " (see llm360 tokenize --help)\n",
                "tokenize",
                model);
        assertWrongUse(
                "llm360: Unmatched argument at index 0: 'tokenise'; did you mean tokenize?"
                        + " (see llm360 --help)\n",
                "tokenise");
        assertThat(run("tokenize", model, "--decode", "1,x")).isEqualTo(2);
        assertThat(err()).hasLineCount(1).contains("'x' is not a long");
    }

    @Test
    void a_verb_by_its_earlier_name_is_refused_with_its_present_one() {
        assertThat(run("published", "amber", "--task=arc")).isEqualTo(2);
        assertThat(err()).hasLineCount(1).contains("'published'", "; it is called scores now (");
        assertThat(run("publish", "run", "site")).isEqualTo(2);
        assertThat(err()).hasLineCount(1).contains("'publish'", "; it is called export now (");
        assertWrongUse(
                "llm360: No command 'publish'; it is called export now (see llm360 --help)\n",
                "help",
                "publish");
        assertThat(run("data", "publish")).isEqualTo(2);
        assertThat(err()).doesNotContain("export");
    }

    @Test
    void a_failure_is_one_line_and_status_1_with_the_trace_on_demand() {
        assertThat(run("tokenize", model + "/absent", "Hello", "--json")).isEqualTo(1);
        assertThat(out()).isEmpty();
        assertThat(err())
                .isEqualTo(
                        "llm360 tokenize: "
                                + "no checkpoint at "
                                + directory.resolve("absent")
                                + ": there is no such directory\n");
        assertThat(run("tokenize", model + "/absent", "Hello", "--verbose")).isEqualTo(1);
        assertThat(err()).contains("no such directory\n", "ModelNotFoundException", "\tat ");
    }

    @Test
    void says_what_is_wrong_with_a_file_that_the_jdk_only_names() {
        assertThat(Failures.message(new UncheckedIOException(new NoSuchFileException("a/b"))))
                .isEqualTo("a/b: no such file or directory");
        assertThat(Failures.message(new AccessDeniedException("a/b")))
                .isEqualTo("a/b: permission denied");
        assertThat(Failures.message(new OutOfMemoryError("Java heap space")))
                .isEqualTo("OutOfMemoryError: Java heap space");
        assertThat(Failures.message(new IllegalStateException()))
                .isEqualTo("IllegalStateException");
    }

    @Test
    void tokenizes_into_a_table() {
        assertThat(run("tokenize", model, "Hello", "wörld", "--bos")).isZero();
        assertThat(out())
                .isEqualTo(
                        """
                         id  token
                          1  <s>
                        268  ▁Hello
                        277  ▁wörld
                        """);
    }

    @Test
    void json_is_one_object_and_nothing_else() {
        assertThat(run("tokenize", model, "--json", "--eos", "Hello")).isZero();
        JsonObject result = JsonParser.parseString(out()).getAsJsonObject();
        assertThat(out()).hasLineCount(1);
        assertThat(result)
                .hasToString(
                        "{\"text\":\"Hello\",\"ids\":[268,2],\"tokens\":[\"▁Hello\",\"</s>\"]}");
    }

    @Test
    void decodes_ids() {
        assertThat(run("tokenize", model, "--decode", "1,268,277")).isZero();
        assertThat(out()).isEqualTo("Hello wörld\n");
        assertThat(run("tokenize", model, "--decode", "1,5000")).isEqualTo(1);
        assertThat(err()).contains("no token has id 5000");
    }

    @Test
    void finds_a_models_tokenizer_by_its_checkpoints_name() throws IOException {
        Path checkpoint = Files.createDirectories(directory.resolve("home/amber/ckpt-007"));
        TinyTokenizer.llama().words("Hello").writeJson(checkpoint);
        String before = System.getProperty("llm360.home");
        System.setProperty("llm360.home", directory.resolve("home").toString());
        try {
            assertThat(run("tokenize", "amber@7", "Hello")).isZero();
            assertThat(run("tokenize", "amber@8", "Hello")).isEqualTo(1);
            assertThat(err())
                    .hasLineCount(1)
                    .contains("amber@ckpt-008 is not on this machine", "ckpt-007");
        } finally {
            if (before == null) {
                System.clearProperty("llm360.home");
            } else {
                System.setProperty("llm360.home", before);
            }
        }
    }

    @Test
    void a_text_may_begin_with_an_at_sign() {
        assertThat(run("tokenize", model, "@" + directory.resolve("tokenizer.json"), "--json"))
                .isZero();
        assertThat(out()).contains("\"text\":\"@");
    }

    @Test
    void a_full_disk_is_told() {
        OutputStream full =
                new Terminal.Written(
                        new OutputStream() {
                            @Override
                            public void write(int b) throws IOException {
                                throw new IOException("No space left on device");
                            }
                        });
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal =
                new Terminal(
                        InputStream.nullInputStream(),
                        new PrintStream(full, false, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        false,
                        new ShutdownHook(Thread.currentThread()));
        assertThat(Llm360.run(new String[] {"tokenize", model, "Hello"}, terminal)).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .hasLineCount(1)
                .contains("can't write the output: No space left on device");
    }

    @Test
    void a_closed_pipe_is_quiet() {
        OutputStream closed =
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("Broken pipe");
                    }
                };
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal =
                new Terminal(
                        InputStream.nullInputStream(),
                        new PrintStream(closed, false, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        false,
                        new ShutdownHook(Thread.currentThread()));
        assertThat(Llm360.run(new String[] {"tokenize", model, "Hello"}, terminal)).isEqualTo(141);
        assertThat(err.size()).isZero();
    }

    private int run(String... args) {
        return command.run(args);
    }

    private void assertWrongUse(String message, String... args) {
        command.assertWrongUse(message, args);
    }

    private String out() {
        return command.out();
    }

    private String err() {
        return command.err();
    }
}
