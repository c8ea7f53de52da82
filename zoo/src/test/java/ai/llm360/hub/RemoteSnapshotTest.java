package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.testing.SafetensorsBuilder;
import ai.llm360.common.testing.TorchZipBuilder;
import ai.llm360.hub.HubException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RemoteSnapshotTest {

    private static final String TENSOR = "layers.8.weight";
    private static final int EDGE = 1 << 16;

    @TempDir Path home;
    private HubServer server;
    private HubCase hub;

    @AfterEach
    void stop() {
        server.close();
    }

    private RemoteSnapshot serve(ServedFile... files) throws IOException {
        server = HubServer.with(files);
        hub = new HubCase(home, server);
        return hub.builder().optPartBytes(1 << 18).build().remote(HubServer.REPOSITORY, "main");
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void rows_cost_their_own_bytes_and_the_headers_of_one_shard(boolean torch) throws IOException {
        ServedCheckpoint served = ServedCheckpoint.of(torch);
        RemoteSnapshot remote = serve(served.files());
        try (Checkpoint checkpoint = Checkpoint.open(remote.root(), List.of(TENSOR))) {
            ByteBuffer rows = checkpoint.read(TENSOR, TensorType.F32, 100, 400);
            assertThat(bytes(rows)).isEqualTo(served.rows(TENSOR, 100, 400));
        }
        long rows = 300 * ServedCheckpoint.ROW_BYTES;
        assertThat(remote.transferred()).isBetween(rows, rows + 2 * EDGE + 4096);
        assertThat(server.requestsOf(served.shard(0))).isEmpty();
        assertThat(server.requestsOf(served.shard(1))).hasSizeLessThanOrEqualTo(6);
        assertThat(HubCase.all(hub.repository().resolve("blobs"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void every_tensor_has_the_values_of_the_files_themselves(boolean torch) throws IOException {
        ServedCheckpoint served = ServedCheckpoint.of(torch);
        RemoteSnapshot remote = serve(served.files());
        Path disk = served.writeTo(home.resolve("disk"));
        try (Checkpoint far = Checkpoint.open(remote.root());
                Checkpoint near = Checkpoint.open(disk)) {
            assertThat(far.layout()).isEqualTo(near.layout());
            assertThat(far.byteSize()).isEqualTo(near.byteSize());
            assertThat(far.parameterCount()).isEqualTo(near.parameterCount());
            for (String name : near.tensors().keySet()) {
                assertThat(far.read(name, TensorType.BF16))
                        .as(name)
                        .isEqualTo(near.read(name, TensorType.BF16));
            }
        }
    }

    @Test
    void several_threads_read_one_checkpoint() throws IOException {
        ServedCheckpoint served = ServedCheckpoint.of(true);
        RemoteSnapshot remote = serve(served.files());
        try (Checkpoint checkpoint = Checkpoint.open(remote.root())) {
            List<String> wrong =
                    served.tensors().keySet().parallelStream()
                            .filter(name -> !isRight(checkpoint, served, name))
                            .toList();
            assertThat(wrong).isEmpty();
        }
    }

    private static boolean isRight(Checkpoint checkpoint, ServedCheckpoint served, String name) {
        try {
            return ByteBuffer.wrap(served.tensors().get(name)).equals(checkpoint.read(name));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void a_zip_of_many_records_is_opened_with_a_handful_of_requests() throws IOException {
        TorchZipBuilder zip = new TorchZipBuilder().padded().record("byteorder", "little");
        for (int i = 0; i < 300; i++) {
            zip.floats(
                    "model.layers.%d.self_attn.q_proj.weight".formatted(i),
                    new long[] {512},
                    new float[512]);
        }
        ServedFile file = new ServedFile("pytorch_model.bin", zip.bytes(), true);
        RemoteSnapshot remote = serve(file);
        try (Checkpoint checkpoint = Checkpoint.open(remote.root())) {
            assertThat(checkpoint.tensors()).hasSize(300);
        }
        assertThat(server.requestsOf(file)).hasSizeLessThanOrEqualTo(4);
        assertThat(remote.transferred()).isLessThan(3 * EDGE);
    }

    @Test
    void a_transposed_tensor_is_gathered_from_what_its_bytes_span() throws IOException {
        byte[] stored = ServedFile.weights("t", 4 * 64 * 1024).bytes();
        TorchZipBuilder zip =
                new TorchZipBuilder()
                        .padded()
                        .storage("0", TensorType.I32, stored)
                        .view("turned", "0", 0, new long[] {64, 1024}, new long[] {1, 64});
        byte[] file = zip.bytes();
        RemoteSnapshot remote = serve(new ServedFile("pytorch_model.bin", file, true));
        Path disk = Files.write(home.resolve("pytorch_model.bin"), file);
        try (Checkpoint far = Checkpoint.open(remote.root());
                Checkpoint near = Checkpoint.open(disk)) {
            assertThat(far.read("turned")).isEqualTo(near.read("turned"));
        }
    }

    @Test
    void a_local_header_that_contradicts_the_directory_is_seen_when_its_record_is_read()
            throws IOException {
        ServedCheckpoint served = ServedCheckpoint.of(true);
        byte[] damaged = served.shard(1).bytes().clone();
        String entry = "archive/data/2";
        int at = new String(damaged, StandardCharsets.ISO_8859_1).indexOf(entry);
        damaged[at + entry.length() - 1] = '9';
        RemoteSnapshot remote = serve(new ServedFile("pytorch_model.bin", damaged, true));
        try (Checkpoint checkpoint = Checkpoint.open(remote.root())) {
            assertThat(checkpoint.read("layers.7.weight").remaining()).isPositive();
            assertThatThrownBy(() -> checkpoint.read("layers.8.weight"))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining(
                            "zip entry 'archive/data/2' has another name in its local header");
        }
    }

    @Test
    void what_the_cache_has_is_read_from_the_disk() throws IOException {
        ServedCheckpoint served = ServedCheckpoint.of(false);
        serve(served.files());
        ServedFile shard = served.shard(1);
        hub.client()
                .snapshot(
                        HubServer.REPOSITORY,
                        "main",
                        path -> path.equals(shard.path()),
                        TransferListener.none());
        server.requests().clear();
        RemoteSnapshot remote = hub.client().remote(HubServer.REPOSITORY, "main");
        try (Checkpoint checkpoint = Checkpoint.open(remote.root(), List.of(TENSOR))) {
            assertThat(bytes(checkpoint.read(TENSOR))).isEqualTo(served.tensors().get(TENSOR));
        }
        assertThat(server.requestsOf(shard)).isEmpty();
        assertThat(remote.transferred()).isLessThan(4096);
    }

    @Test
    void a_tensor_that_no_index_lists_is_told_with_similar_names_before_any_shard_is_asked_for()
            throws IOException {
        ServedCheckpoint served = ServedCheckpoint.of(false);
        RemoteSnapshot remote = serve(served.files());
        assertThatThrownBy(() -> Checkpoint.open(remote.root(), List.of("layers.8.wait")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no tensor 'layers.8.wait' among 12; the nearest names are")
                .hasMessageContaining("layers.8.weight");
        assertThat(server.requestsOf(served.shard(1))).isEmpty();
    }

    @Test
    void a_copy_that_changes_between_ranges_is_an_error() throws IOException {
        ServedCheckpoint served = ServedCheckpoint.of(false);
        RemoteSnapshot remote = serve(served.files());
        AtomicInteger version = new AtomicInteger();
        server.storageFault(
                (exchange, file) -> {
                    exchange.getResponseHeaders()
                            .set("ETag", "\"v" + version.getAndIncrement() + "\"");
                    HubServer.sendFile(exchange, file.bytes());
                    return true;
                });
        assertDamaged(
                () -> {
                    try (Checkpoint checkpoint = Checkpoint.open(remote.root(), List.of(TENSOR))) {
                        checkpoint.read(TENSOR);
                    }
                },
                "changed during the download (ETag 'v0', then 'v");
    }

    @Test
    void a_server_that_ignores_ranges_is_not_read_to_the_end() throws IOException {
        ServedCheckpoint served = ServedCheckpoint.of(true);
        RemoteSnapshot remote = serve(served.files());
        server.storageFault((exchange, file) -> HubServer.sendWhole(exchange, file.bytes()));
        assertThatThrownBy(() -> Checkpoint.open(remote.root(), List.of(TENSOR)))
                .isInstanceOfSatisfying(
                        HubException.class,
                        e -> assertThat(e.getReason()).isEqualTo(Reason.REFUSED))
                .hasMessageContaining("the server sends the whole file, 314")
                .hasMessageContaining("Download the checkpoint instead");
        assertThat(remote.transferred()).isLessThan(served.shard(1).size() / 2);
    }

    @Test
    void a_cut_connection_is_taken_up_where_it_broke() throws IOException {
        ServedCheckpoint served = ServedCheckpoint.of(false);
        RemoteSnapshot remote = serve(served.files());
        AtomicInteger cuts = new AtomicInteger();
        server.storageFault(
                (exchange, file) -> {
                    if (cuts.incrementAndGet() > 5) {
                        return false;
                    }
                    HubServer.sendFile(exchange, file.bytes(), 20_000);
                    return true;
                });
        try (Checkpoint checkpoint = Checkpoint.open(remote.root(), List.of(TENSOR))) {
            assertThat(bytes(checkpoint.read(TENSOR))).isEqualTo(served.tensors().get(TENSOR));
        }
        // What a broken connection brought may be lost with it.
        long lost = 5 * 20_000;
        assertThat(remote.transferred())
                .isLessThan(served.tensors().get(TENSOR).length + EDGE + 4096 + lost);
    }

    @Test
    void a_failing_network_is_not_taken_for_a_damaged_file() throws IOException {
        ServedCheckpoint served = ServedCheckpoint.of(true);
        RemoteSnapshot remote = serve(served.files());
        server.storageFault(
                (exchange, file) -> {
                    boolean tail =
                            !exchange.getRequestHeaders().getFirst("Range").startsWith("bytes=0-");
                    if (tail) {
                        HubServer.error(exchange, 503, "");
                    }
                    return tail;
                });
        assertThatThrownBy(() -> Checkpoint.open(remote.root(), List.of(TENSOR)))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("HTTP 503");
    }

    @Test
    void a_small_file_is_checked_by_its_hash() throws IOException {
        ServedFile config = ServedFile.text("config.json", "{\"a\": 1}");
        RemoteSnapshot remote = serve(config);
        Path file = remote.root().resolve("config.json");
        server.hubFault(
                (exchange, asked) -> {
                    if (asked == null) {
                        return false;
                    }
                    HubServer.send(exchange, "{\"a\": 2}");
                    return true;
                });
        assertDamaged(() -> Files.readString(file), "don't have the hash that the Hub lists");
        server.hubFault((exchange, asked) -> false);
        assertThat(Files.readString(file)).isEqualTo("{\"a\": 1}");
        int asked = server.requests().size();
        assertThat(Files.readAllBytes(file)).isEqualTo(config.bytes());
        assertThat(server.requests()).as("asked again").hasSize(asked);
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void assertDamaged(Work work, String message) {
        assertThatThrownBy(work::run)
                .isInstanceOfSatisfying(
                        HubException.class,
                        e -> assertThat(e.getReason()).isEqualTo(Reason.DAMAGED))
                .hasMessageContaining(message);
    }

    @Test
    void the_commit_is_a_directory_that_can_be_listed_and_read() throws IOException {
        ServedFile weights = ServedFile.weights("model.safetensors", 200_000);
        RemoteSnapshot remote =
                serve(
                        ServedFile.text("config.json", "{}"),
                        ServedFile.text("a/b.txt", "b"),
                        weights);
        Path root = remote.root();
        assertThat(root).hasToString("hf://LLM360/Tiny@" + server.commit("main"));
        try (Stream<Path> files = Files.list(root)) {
            assertThat(files)
                    .containsExactly(
                            root.resolve("a"),
                            root.resolve("config.json"),
                            root.resolve("model.safetensors"));
        }
        assertThat(root.resolve("a")).isDirectory();
        assertThat(root.resolve("a/../a/b.txt").normalize()).hasToString(root + "/a/b.txt");
        assertThat(Files.size(root.resolve("model.safetensors"))).isEqualTo(200_000);
        assertThat(root.resolve("a/b.txt").getParent().relativize(root.resolve("config.json")))
                .hasToString("../config.json");
        assertThat(Files.exists(root.resolve("b.txt"))).isFalse();
        assertThatThrownBy(() -> Files.readString(root.resolve("b.txt")))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.writeString(root.resolve("b.txt"), "b"))
                .isInstanceOf(ReadOnlyFileSystemException.class);
        try (FileChannel channel = FileChannel.open(root.resolve("model.safetensors"))) {
            ByteBuffer all = ByteBuffer.allocate(200_000);
            while (channel.read(all) > 0) {
                // To the end.
            }
            assertThat(all.array()).isEqualTo(weights.bytes());
            assertThat(channel.read(ByteBuffer.allocate(1), 200_000)).isEqualTo(-1);
            assertThatThrownBy(() -> channel.map(MapMode.READ_ONLY, 0, 10))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("isn't on this machine, so it can't be mapped");
        }
    }

    @Test
    void a_file_that_is_no_checkpoint_is_told_by_its_address() throws IOException {
        byte[] bytes = new SafetensorsBuilder().header("{nonsense").data(100).bytes();
        RemoteSnapshot remote = serve(new ServedFile("model.safetensors", bytes, true));
        assertThatThrownBy(() -> Checkpoint.open(remote.root()))
                .hasMessageStartingWith(
                        "hf://LLM360/Tiny@"
                                + remote.commit()
                                + "/model.safetensors: the safetensors header is not valid JSON");
    }
}
