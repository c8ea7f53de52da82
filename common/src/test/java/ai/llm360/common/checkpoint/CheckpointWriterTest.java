package ai.llm360.common.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.Shape;
import ai.djl.util.Progress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointWriterTest {

    private static final TensorSource ZEROS =
            (tensor, out) -> out.write(ByteBuffer.allocate((int) tensor.byteLength()));

    @TempDir Path folder;

    @Test
    void writes_one_file_whose_header_is_as_the_reference_writes_it() throws IOException {
        Path target = folder.resolve("deep/er/one");
        writer(target, floats("w", 2))
                .optFile("config.json", new byte[] {'{', '}'})
                .build()
                .write();
        byte[] file = Files.readAllBytes(target.resolve("model.safetensors"));
        int length = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt();
        assertThat(length % 8).isZero();
        assertThat(new String(file, 8, length, StandardCharsets.UTF_8))
                .isEqualTo(
                        "{\"__metadata__\":{\"format\":\"pt\"},"
                                + "\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"
                                + " ".repeat(3));
        assertThat(names(target)).containsExactly("config.json", "model.safetensors");
        assertThat(names(target.getParent())).containsExactly("one");
    }

    @Test
    void fills_shards_in_order_and_gives_a_large_tensor_its_own() throws IOException {
        Path target = folder.resolve("many");
        writer(
                        target,
                        floats("a", 4),
                        floats("b", 6),
                        floats("c", 30),
                        floats("d", 5),
                        floats("e", 5))
                .optMaxShardBytes(40)
                .build()
                .write();
        assertThat(names(target))
                .containsExactly(
                        "model-00001-of-00003.safetensors",
                        "model-00002-of-00003.safetensors",
                        "model-00003-of-00003.safetensors",
                        "model.safetensors.index.json");
        assertThat(Files.readString(target.resolve("model.safetensors.index.json")))
                .isEqualTo(
                        """
                        {
                          "metadata": {
                            "total_size": 200
                          },
                          "weight_map": {
                            "a": "model-00001-of-00003.safetensors",
                            "b": "model-00001-of-00003.safetensors",
                            "c": "model-00002-of-00003.safetensors",
                            "d": "model-00003-of-00003.safetensors",
                            "e": "model-00003-of-00003.safetensors"
                          }
                        }
                        """);
        try (Checkpoint checkpoint = Checkpoint.open(target)) {
            assertThat(checkpoint.tensors().keySet()).containsExactly("a", "b", "c", "d", "e");
            assertThat(checkpoint.byteSize()).isEqualTo(200);
        }
    }

    @Test
    void puts_wider_types_first_so_that_all_are_aligned() throws IOException {
        Path target = folder.resolve("mixed");
        writer(
                        target,
                        new TensorSpec("mask", TensorType.BOOL, new Shape(3)),
                        new TensorSpec("half", TensorType.BF16, new Shape(3)),
                        floats("x", 1),
                        new TensorSpec("scalar", TensorType.I64, new Shape()))
                .build()
                .write();
        try (Checkpoint checkpoint = Checkpoint.open(target)) {
            assertThat(checkpoint.tensors().keySet())
                    .containsExactly("scalar", "x", "half", "mask");
            checkpoint
                    .tensors()
                    .values()
                    .forEach(t -> assertThat(t.offset() % t.type().byteSize()).isZero());
        }
    }

    @Test
    void what_is_written_reads_back_the_same() throws IOException {
        Path target = folder.resolve("x");
        byte[] bytes = {1, 2, 3, 4, 5, 6, 7, 8};
        String odd = "quote\" \\ \u00e9 \ud83d\ude00 <&> \n";
        CheckpointWriter.builder()
                .setDirectory(target)
                .setTensors(
                        List.of(floats(odd, 2), new TensorSpec("e", TensorType.F32, new Shape(0))))
                .setSource(
                        (tensor, out) -> {
                            if (tensor.byteLength() > 0) {
                                out.write(ByteBuffer.wrap(bytes, 0, 3));
                                out.write(ByteBuffer.wrap(bytes, 3, 5));
                            }
                        })
                .optMetadata("step", "7")
                .build()
                .write();
        try (Checkpoint checkpoint = Checkpoint.open(target)) {
            assertThat(checkpoint.read(odd)).isEqualTo(ByteBuffer.wrap(bytes));
            assertThat(checkpoint.read("e").remaining()).isZero();
            assertThat(checkpoint.metadata())
                    .containsEntry("step", "7")
                    .containsEntry("format", "pt");
        }
    }

    @Test
    void refuses_a_source_that_writes_too_little_or_too_much_and_leaves_nothing()
            throws IOException {
        for (int bytes : new int[] {7, 9}) {
            CheckpointWriter.Builder writer =
                    writer(folder.resolve("x"), floats("w", 2))
                            .setSource((tensor, out) -> out.write(ByteBuffer.allocate(bytes)));
            assertThatThrownBy(() -> writer.build().write())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("8 bytes of");
            assertThat(names(folder)).isEmpty();
        }
    }

    @Test
    void a_failing_source_leaves_the_target_untouched() throws IOException {
        Path target = Files.createDirectory(folder.resolve("empty"));
        CheckpointWriter.Builder writer =
                writer(target, floats("a", 1), floats("b", 1))
                        .optMaxShardBytes(4)
                        .setSource(
                                (tensor, out) -> {
                                    if (tensor.name().equals("b")) {
                                        throw new IOException("disk on fire");
                                    }
                                    ZEROS.write(tensor, out);
                                });
        assertThatThrownBy(() -> writer.build().write()).hasMessage("disk on fire");
        assertThat(names(folder)).containsExactly("empty");
        assertThat(names(target)).isEmpty();
    }

    @Test
    void fills_an_empty_directory_but_not_another() throws IOException {
        Path target = Files.createDirectory(folder.resolve("x"));
        writer(target, floats("w", 1)).build().write();
        byte[] before = Files.readAllBytes(target.resolve("model.safetensors"));
        assertThatThrownBy(() -> writer(target, floats("v", 1)).build().write())
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("choose another one or remove it first");
        assertThat(Files.readAllBytes(target.resolve("model.safetensors"))).isEqualTo(before);
        Path file = Files.createFile(folder.resolve("file"));
        assertThatThrownBy(() -> writer(file, floats("v", 1)).build().write())
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(names(folder)).containsExactly("file", "x");
    }

    @Test
    void refuses_builders_that_make_no_sense() {
        assertThatThrownBy(() -> CheckpointWriter.builder().build()).hasMessageContaining("needs");
        assertThatThrownBy(() -> writer(folder.resolve("x")).build())
                .hasMessageContaining("at least one tensor");
        assertThatThrownBy(
                        () -> writer(folder.resolve("x"), floats("a", 1), floats("a", 2)).build())
                .hasMessageContaining("two tensors are named a");
        assertThatThrownBy(() -> floats("__metadata__", 1)).hasMessageContaining("__metadata__");
        for (String name : List.of("../x", "", "a/b", "..", "x.safetensors")) {
            assertThatThrownBy(() -> CheckpointWriter.builder().optFile(name, new byte[0]))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void tells_its_progress_in_bytes() throws IOException {
        Counter counter = new Counter();
        writer(folder.resolve("x"), floats("a", 3), floats("b", 4))
                .optProgress(counter)
                .build()
                .write();
        assertThat(counter.done).isEqualTo(28);
        assertThat(counter.max).isEqualTo(28);
        assertThat(counter.ended).isTrue();
    }

    private static final class Counter implements Progress {
        private long max;
        private long done;
        private boolean ended;

        @Override
        public void reset(String message, long max, String trailing) {
            this.max = max;
        }

        @Override
        public void start(long initial) {
            done = initial;
        }

        @Override
        public void end() {
            ended = true;
        }

        @Override
        public void increment(long increment) {
            done += increment;
        }

        @Override
        public void update(long progress, String message) {
            done = progress;
        }
    }

    private static TensorSpec floats(String name, long count) {
        return new TensorSpec(name, TensorType.F32, new Shape(count));
    }

    private static CheckpointWriter.Builder writer(Path target, TensorSpec... tensors) {
        return CheckpointWriter.builder()
                .setDirectory(target)
                .setTensors(List.of(tensors))
                .setSource(ZEROS);
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
