package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.testing.SafetensorsBuilder;
import ai.llm360.common.tokenizer.TokenizerException;
import ai.llm360.zoo.testing.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be wrong with a checkpoint or a request is named, and leaves no native array behind. */
class FailingLoadTest {

    @TempDir Path temp;
    private Path directory;
    private int before;

    @BeforeAll
    static void load_once(@TempDir Path temp) throws Exception {
        // Finding out what the CPU can do leaves a few arrays in DJL's hands, once.
        Path directory = TinyModel.writeTo(temp.resolve("model"));
        Criteria.loadModel(directory.toString()).close();
    }

    @BeforeEach
    void write() throws IOException {
        directory = TinyModel.writeTo(temp.resolve("model"));
        before = TinyModel.liveArrays();
    }

    @AfterEach
    void nothing_is_left_in_memory() {
        assertThat(TinyModel.liveArrays()).isEqualTo(before);
    }

    private Throwable failure() {
        return catchThrowable(() -> Criteria.loadModel(directory.toString()).close());
    }

    private Throwable failure(String argument, Object value) {
        return catchThrowable(
                () ->
                        Criteria.of(directory.toString())
                                .optArgument(argument, value)
                                .loadModel()
                                .close());
    }

    @Test
    void no_such_directory() {
        directory = temp.resolve("modle");
        assertThat(failure())
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("no checkpoint at " + directory)
                .hasMessageContaining("beside it there is model");
    }

    @Test
    void a_file_in_place_of_its_directory() {
        directory = directory.resolve("model.safetensors");
        assertThat(failure())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("model.safetensors is a file")
                .hasMessageContaining("config.json");
    }

    @Test
    void no_config() throws IOException {
        Files.delete(directory.resolve("config.json"));
        assertThat(failure())
                .isInstanceOf(IOException.class)
                .hasMessageContaining(directory + " has no config.json");
    }

    @Test
    void a_config_that_is_no_json_object() throws IOException {
        Files.writeString(directory.resolve("config.json"), "[1, 2");
        assertThat(failure())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("config.json is not a JSON object");
    }

    @Test
    void a_tokenizer_that_is_damaged_or_of_a_kind_that_nobody_knows() throws IOException {
        Path tokenizer = directory.resolve("tokenizer.json");
        Files.writeString(tokenizer, "{\"version\": \"1.0\"");
        assertThat(failure())
                .isInstanceOf(TokenizerException.class)
                .hasMessageEndingWith(
                        "tokenizer.json is no valid tokenizer.json: End of input at line 1 column"
                                + " 18 path $.version")
                .hasMessageStartingWith(tokenizer.toString());
        Files.writeString(tokenizer, "{\"model\": {\"type\": \"WordPiece\"}}");
        assertThat(failure())
                .isInstanceOf(TokenizerException.class)
                .hasMessage(
                        tokenizer + ": model: type 'WordPiece' is not supported (supported: BPE)");
    }

    @Test
    void another_architecture() throws IOException {
        Path config = directory.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("\"llama\"", "\"mamba\""));
        assertThat(failure())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("model_type is 'mamba'")
                .hasMessageContaining("'llama'");
    }

    @Test
    void a_model_type_that_is_no_text() throws IOException {
        for (String type : new String[] {"null", "[]", "{}", "[\"llama\",\"mamba\"]"}) {
            Files.writeString(directory.resolve("config.json"), "{\"model_type\": " + type + "}");
            assertThat(failure()).hasMessageContaining("model_type is '" + type + "'");
        }
    }

    @Test
    void more_layers_than_a_model_or_than_this_checkpoint_has() throws IOException {
        Path config = directory.resolve("config.json");
        String text = Files.readString(config);
        String layers = "\"num_hidden_layers\": *\\d+";
        assertThat(text).containsPattern(layers);
        Files.writeString(config, text.replaceFirst(layers, "\"num_hidden_layers\": 1000000000"));
        assertThat(failure())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(config + ": num_hidden_layers (1000000000) must be at most");
        Files.writeString(config, text.replaceFirst(layers, "\"num_hidden_layers\": 9999"));
        assertThat(failure())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the checkpoint is not of this model");
    }

    @Test
    void no_weights() throws IOException {
        Files.delete(directory.resolve("model.safetensors"));
        assertThat(failure())
                .isInstanceOf(IOException.class)
                .hasMessageContaining(directory.toString())
                .hasMessageContaining("model.safetensors");
    }

    @Test
    void missing_and_misshaped_tensors_all_at_once() throws IOException {
        Files.delete(directory.resolve("model.safetensors"));
        new SafetensorsBuilder()
                .floats("model.embed_tokens.weight", new long[] {1, 3}, 1, 2, 3)
                .floats("surplus.weight", new long[] {2}, 1, 2)
                .write(directory.resolve("model.safetensors"));
        assertThat(failure())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("model.embed_tokens.weight")
                .hasMessageContaining("(1, 3)")
                .hasMessageContaining("(300, 32)")
                .hasMessageContaining("model.layers.0.mlp.up_proj.weight")
                .hasMessageContaining("surplus.weight");
    }

    @Test
    void a_cut_off_file() throws IOException {
        Path file = directory.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
        assertThat(failure()).isInstanceOf(IOException.class).hasMessageContaining(file.toString());
    }

    @Test
    void an_unknown_dtype() {
        assertThat(failure("dtype", "fp8"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no dtype 'fp8'")
                .hasMessageContaining("fp32, bf16, fp16, int8");
    }

    @Test
    void an_argument_that_is_no_number() {
        assertThat(failure("temperature", "warm"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("temperature must be a number, not 'warm'");
        assertThat(failure("temperature", -1)).hasMessageContaining("temperature");
        assertThat(failure("max_new_tokens", 1.5))
                .hasMessageContaining("max_new_tokens must be a whole number, not '1.5'");
        assertThat(failure("max_new_tokens", 5_000_000_000L))
                .hasMessageContaining("max_new_tokens");
    }

    @Test
    void a_damaged_tokenizer() throws IOException {
        Files.writeString(directory.resolve("tokenizer.json"), "{}");
        assertThat(failure()).hasStackTraceContaining("tokenizer.json");
    }

    @Test
    void types_that_nothing_translates() {
        assertThatThrownBy(
                        () -> Criteria.loadModel(directory.toString(), Integer.class, String.class))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("no translator from java.lang.Integer to java.lang.String")
                .hasMessageContaining("java.lang.String to java.lang.String");
    }
}
