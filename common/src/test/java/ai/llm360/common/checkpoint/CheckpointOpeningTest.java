package ai.llm360.common.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.testing.SafetensorsBuilder;
import ai.llm360.common.testing.TorchZipBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointOpeningTest {

    private static final long[] ONE = {1};

    @TempDir Path folder;

    @Test
    void reads_shards_through_the_index() throws IOException {
        shard("model-00002-of-00002.safetensors", "b");
        shard("model-00001-of-00002.safetensors", "a");
        index(
                "model.safetensors",
                "\"b\":\"model-00002-of-00002.safetensors\","
                        + "\"a\":\"model-00001-of-00002.safetensors\"");
        for (Path from : new Path[] {folder, folder.resolve("model.safetensors.index.json")}) {
            try (Checkpoint checkpoint = Checkpoint.open(from)) {
                assertThat(checkpoint.layout()).isEqualTo(CheckpointLayout.SHARDED_SAFETENSORS);
                assertThat(checkpoint.tensors().keySet()).containsExactly("a", "b");
                assertThat(checkpoint.metadata()).containsEntry("total_size", "8");
                assertThat(checkpoint.shards()).hasSize(2);
                assertThat(checkpoint.read("b").getFloat()).isEqualTo(1);
            }
        }
    }

    @Test
    void prefers_safetensors_to_torch() throws IOException {
        new TorchZipBuilder().floats("t", ONE, 1).write(folder.resolve("pytorch_model.bin"));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.layout()).isEqualTo(CheckpointLayout.TORCH);
        }
        shard("model.safetensors", "s");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.tensors().keySet()).containsExactly("s");
        }
    }

    @Test
    void decides_by_content_not_by_name() throws IOException {
        Path torch = new TorchZipBuilder().floats("t", ONE, 1).write(folder.resolve("a.weights"));
        Path safe = shard("b.bin", "s");
        try (Checkpoint a = Checkpoint.open(torch);
                Checkpoint b = Checkpoint.open(safe)) {
            assertThat(a.layout()).isEqualTo(CheckpointLayout.TORCH);
            assertThat(b.layout()).isEqualTo(CheckpointLayout.SAFETENSORS);
        }
    }

    @Test
    void refuses_places_without_a_checkpoint() throws IOException {
        refuses(folder, "found an empty directory");
        Files.writeString(folder.resolve("config.json"), "{}");
        refuses(folder, "found [config.json]");
        refuses(folder.resolve("absent"), "no such file or directory");
    }

    @Test
    void refuses_files_of_other_kinds_and_says_what_they_are() throws IOException {
        Path file = folder.resolve("pytorch_model.bin");
        Files.writeString(file, "version https://git-lfs.github.com/spec/v1\noid sha256:00\n");
        refuses(folder, "git lfs pull");
        byte[] legacy = {
            (byte) 0x80,
            2,
            (byte) 0x8a,
            10,
            0x6c,
            (byte) 0xfc,
            (byte) 0x9c,
            0x46,
            (byte) 0xf9,
            0x20,
            0x6a,
            (byte) 0xa8,
            0x50,
            0x19,
            '.'
        };
        Files.write(file, legacy);
        refuses(folder, "PyTorch before 1.6");
        Files.writeString(file, "<!DOCTYPE html><html>");
        refuses(folder, "neither safetensors nor a torch zip");
        Files.delete(file);
        Files.createDirectory(file);
        refuses(folder, "not a regular file");
    }

    @Test
    void refuses_an_index_that_names_a_missing_shard() throws IOException {
        index("model.safetensors", "\"a\":\"gone.safetensors\"");
        refuses(folder, "gone.safetensors: there is no such file");
    }

    @Test
    void refuses_an_index_that_points_elsewhere() throws IOException {
        for (String name :
                new String[] {"/etc/passwd", "../x", "..", ".", "", "a/b", "c:x", "a\\\\b"}) {
            index("model.safetensors", "\"a\":\"" + name + "\"");
            refuses(folder, "expected the plain name of a file");
        }
    }

    @Test
    void refuses_an_index_whose_shards_lack_a_tensor() throws IOException {
        shard("s.safetensors", "a");
        index("model.safetensors", "\"a\":\"s.safetensors\",\"b\":\"s.safetensors\"");
        refuses(folder, "lists 1 tensors that their shards don't hold, such as 'b'");
    }

    @Test
    void leaves_out_tensors_that_the_index_does_not_list() throws IOException {
        new SafetensorsBuilder()
                .floats("a", ONE, 1)
                .floats("extra", ONE, 2)
                .write(folder.resolve("s.safetensors"));
        index("model.safetensors", "\"a\":\"s.safetensors\"");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.tensors().keySet()).containsExactly("a");
            assertThat(checkpoint.unlisted()).containsExactly("extra");
        }
    }

    @Test
    void refuses_an_index_that_is_empty_ambiguous_or_no_json() throws IOException {
        index("model.safetensors", "");
        refuses(folder, "it names no tensors");
        index("model.safetensors", "\"a\":\"x\",\"a\":\"y\"");
        refuses(folder, "'a' occurs twice");
        index("model.safetensors", "\"a\":7");
        refuses(folder, "expected a string");
        Files.writeString(folder.resolve("model.safetensors.index.json"), "");
        refuses(folder, "not valid JSON");
        Files.write(
                folder.resolve("model.safetensors.index.json"),
                "{\"weight_map\":{\"\u00e9\":\"x\"}}".getBytes(StandardCharsets.ISO_8859_1));
        refuses(folder, "not valid JSON");
    }

    @Test
    void refuses_shards_of_both_kinds_under_one_index() throws IOException {
        shard("s.safetensors", "a");
        new TorchZipBuilder().floats("b", ONE, 1).write(folder.resolve("t.bin"));
        index("model.safetensors", "\"a\":\"s.safetensors\",\"b\":\"t.bin\"");
        refuses(folder, "mixes safetensors and torch");
    }

    private Path shard(String file, String tensor) throws IOException {
        return new SafetensorsBuilder().floats(tensor, ONE, 1).write(folder.resolve(file));
    }

    private void index(String kind, String weightMap) throws IOException {
        Files.writeString(
                folder.resolve(kind + ".index.json"),
                "{\"metadata\":{\"total_size\":8},\"weight_map\":{" + weightMap + "}}");
    }

    private static void refuses(Path path, String message) {
        assertThatThrownBy(() -> Checkpoint.open(path))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(message);
    }
}
