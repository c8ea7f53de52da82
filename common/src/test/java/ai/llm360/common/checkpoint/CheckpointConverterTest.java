package ai.llm360.common.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.testing.SafetensorsBuilder;
import ai.llm360.common.testing.TorchZipBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointConverterTest {

    private static final IgnoreRule ROTARY =
            new IgnoreRule(
                    "rotary-buffers",
                    Pattern.compile(".*\\.rotary_emb\\.inv_freq"),
                    "the model computes them");

    @TempDir Path folder;
    private Path source;
    private Path target;

    @BeforeEach
    void make_folders() throws IOException {
        source = Files.createDirectory(folder.resolve("source"));
        target = folder.resolve("target");
    }

    @Test
    void casts_floats_keeps_integers_and_drops_what_it_is_told_to() throws IOException {
        new TorchZipBuilder()
                .tensor("mask", TensorType.BOOL, new long[] {3}, new byte[] {1, 0, 1})
                .storage("1", TensorType.F32, SafetensorsBuilder.littleEndian(1, 2, 3, 4))
                .view("w", "1", 0, new long[] {2, 2}, new long[] {2, 1})
                .view("tied", "1", 0, new long[] {2, 2}, new long[] {2, 1})
                .view("turned", "1", 0, new long[] {2, 2}, new long[] {1, 2})
                .floats("h.0.rotary_emb.inv_freq", new long[] {1}, 1)
                .write(source.resolve("pytorch_model.bin"));
        converter().optType(TensorType.BF16).optIgnored(List.of(ROTARY)).build().convert();
        try (Checkpoint checkpoint = Checkpoint.open(target)) {
            assertThat(checkpoint.tensors().keySet())
                    .containsExactlyInAnyOrder("mask", "w", "tied", "turned");
            assertThat(checkpoint.read("mask")).isEqualTo(ByteBuffer.wrap(new byte[] {1, 0, 1}));
            assertThat(checkpoint.get("w").type()).isEqualTo(TensorType.BF16);
            ByteBuffer turned = checkpoint.read("turned", TensorType.F32);
            assertThat(turned.getFloat(4)).isEqualTo(3);
            assertThat(checkpoint.read("tied")).isEqualTo(checkpoint.read("w"));
            assertThat(checkpoint.get("tied").offset()).isNotEqualTo(checkpoint.get("w").offset());
        }
    }

    @Test
    void streams_tensors_larger_than_its_blocks() throws IOException {
        int count = (16 << 20) + 5; // two blocks of BF16 and some more
        byte[] bytes = new byte[4 * count];
        new Random(5).nextBytes(bytes);
        new SafetensorsBuilder()
                .tensor("big", TensorType.F32, new long[] {count}, bytes)
                .floats("small", new long[] {1}, 1)
                .write(source.resolve("model.safetensors"));
        converter().optType(TensorType.BF16).optMaxShardBytes(1 << 20).build().convert();
        ByteBuffer expected = ByteBuffer.allocate(2 * count);
        TensorCaster.cast(TensorType.F32, ByteBuffer.wrap(bytes), TensorType.BF16, expected, count);
        try (Checkpoint checkpoint = Checkpoint.open(target)) {
            assertThat(checkpoint.shards()).hasSize(2);
            assertThat(checkpoint.read("big")).isEqualTo(expected.flip());
        }
    }

    @Test
    void copies_the_tokenizer_and_rewrites_the_type_in_the_config() throws IOException {
        weights();
        Files.writeString(source.resolve("tokenizer.json"), "{tok}");
        Files.writeString(source.resolve("generation_config.json"), "{gen}");
        Files.writeString(source.resolve("README.md"), "not copied");
        Files.writeString(
                source.resolve("config.json"),
                "{\"eps\": 1e-06, \"torch_dtype\": \"float32\", \"rope_scaling\": null}");
        converter().optType(TensorType.BF16).build().convert();
        assertThat(Files.readString(target.resolve("tokenizer.json"))).isEqualTo("{tok}");
        assertThat(Files.readString(target.resolve("generation_config.json"))).isEqualTo("{gen}");
        assertThat(target.resolve("README.md")).doesNotExist();
        assertThat(Files.readString(target.resolve("config.json")))
                .isEqualTo(
                        """
                        {
                          "eps": 1e-06,
                          "torch_dtype": "bfloat16",
                          "rope_scaling": null
                        }
                        """);
    }

    @Test
    void keeps_the_key_that_the_config_has() throws IOException {
        weights();
        Files.writeString(source.resolve("config.json"), "{\"dtype\":\"float32\"}");
        converter().optType(TensorType.F16).build().convert();
        assertThat(Files.readString(target.resolve("config.json")))
                .isEqualTo("{\n  \"dtype\": \"float16\"\n}\n");
    }

    @Test
    void leaves_the_config_alone_if_no_type_is_asked_for() throws IOException {
        weights();
        Files.writeString(source.resolve("config.json"), "{ }");
        converter().build().convert();
        assertThat(Files.readString(target.resolve("config.json"))).isEqualTo("{ }");
    }

    @Test
    void refuses_broken_sources_and_leaves_nothing() throws IOException {
        assertThatThrownBy(() -> converter().build().convert())
                .isInstanceOf(CheckpointException.class);
        weights();
        Files.writeString(source.resolve("config.json"), "{\"a\":");
        assertThatThrownBy(() -> converter().optType(TensorType.BF16).build().convert())
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("config.json");
        IgnoreRule all = new IgnoreRule("all", Pattern.compile(".*"), "for the test");
        assertThatThrownBy(() -> converter().optIgnored(List.of(all)).build().convert())
                .hasMessageContaining("no tensor is left");
        assertThatThrownBy(() -> converter().optType(TensorType.I8))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(folder).isDirectoryNotContaining(path -> !path.equals(source));
    }

    private void weights() throws IOException {
        new SafetensorsBuilder()
                .floats("w", new long[] {1}, 1)
                .write(source.resolve("model.safetensors"));
    }

    private CheckpointConverter.Builder converter() {
        return CheckpointConverter.builder().setSource(source).setTarget(target);
    }
}
