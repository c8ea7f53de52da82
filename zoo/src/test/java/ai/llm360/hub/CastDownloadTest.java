package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.amber.AmberConfig;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.testing.SafetensorsBuilder;
import ai.llm360.common.testing.TorchZipBuilder;
import ai.llm360.hub.HubException.Reason;
import ai.llm360.zoo.CastDownload;
import ai.llm360.zoo.PublishedCheckpoint;
import ai.llm360.zoo.PublishedCheckpoint.Evidence;
import ai.llm360.zoo.Reference;
import ai.llm360.zoo.Removal;
import ai.llm360.zoo.Verification;
import ai.llm360.zoo.testing.Home;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CastDownloadTest {

    private static final PublishedCheckpoint CHECKPOINT =
            new PublishedCheckpoint(
                    "amber",
                    "ckpt-200",
                    HubServer.REPOSITORY,
                    "main",
                    OptionalInt.empty(),
                    OptionalLong.empty(),
                    OptionalLong.empty(),
                    OptionalInt.empty(),
                    Evidence.OBSERVED);

    @TempDir Path temp;
    private Home home;
    private HubServer server;
    private HubCase hub;

    @BeforeEach
    void move() {
        home = Home.at(temp.resolve("home"));
    }

    @AfterEach
    void stop() {
        home.close();
        server.close();
    }

    private void serve(ServedFile... files) throws IOException {
        server = HubServer.with(files);
        hub = new HubCase(temp.resolve("hf"), server);
    }

    private CastDownload cast() {
        return cast(hub.builder().optPartBytes(1 << 18).build());
    }

    private static CastDownload cast(HubClient client) {
        return CastDownload.builder()
                .setClient(client)
                .setCheckpoint(CHECKPOINT)
                .setType(TensorType.BF16)
                .build();
    }

    private void assertNothingIsLeft() throws IOException {
        assertThat(HubCase.all(temp.resolve("home"))).isEmpty();
        assertThat(HubCase.all(hub.repository().resolve("blobs"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void the_directory_holds_the_cast_and_each_source_byte_came_once(boolean torch)
            throws Exception {
        ServedCheckpoint served = ServedCheckpoint.of(torch);
        serve(served.files());
        CastDownload.Report report = cast().run();
        assertThat(report.directory()).isEqualTo(Reference.resolve("amber@200"));
        assertThat(report.sourceBytes()).isEqualTo(served.shardBytes());
        assertThat(report.transferred())
                .isBetween(served.shardBytes(), served.shardBytes() + 4 * (1 << 16) + 8192);
        Path source = served.writeTo(temp.resolve("source"));
        try (Checkpoint cast = Checkpoint.open(report.directory());
                Checkpoint whole = Checkpoint.open(source)) {
            assertThat(cast.byteSize()).isEqualTo(report.bytes()).isEqualTo(whole.byteSize() / 2);
            for (String name : served.tensors().keySet()) {
                assertThat(cast.read(name)).isEqualTo(whole.read(name, TensorType.BF16));
            }
        }
        assertThat(HubCase.all(hub.repository().resolve("blobs"))).isEmpty();
    }

    @Test
    void says_where_the_cast_came_from() throws IOException {
        ServedCheckpoint served = ServedCheckpoint.of(false);
        serve(served.files());
        Path file = cast().run().directory().resolve("llm360-source.json");
        JsonObject source = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        assertThat(source.get("format_version").getAsInt()).isEqualTo(1);
        assertThat(source.get("repository").getAsString()).isEqualTo(HubServer.REPOSITORY);
        assertThat(source.get("revision").getAsString()).isEqualTo("main");
        assertThat(source.get("commit").getAsString()).isEqualTo(server.commit("main"));
        assertThat(source.get("dtype").getAsString()).isEqualTo("bfloat16");
        ServedFile shard = served.shard(1);
        JsonObject entry = source.getAsJsonObject("files").getAsJsonObject(shard.path());
        assertThat(entry.get("hash").getAsString()).isEqualTo(shard.sha256());
        assertThat(entry.get("size").getAsLong()).isEqualTo(shard.size());
    }

    @Test
    void a_cast_can_be_verified_and_removed() throws Exception {
        serve(ServedCheckpoint.of(false).files());
        Path directory = cast().run().directory();
        assertThat(verified().problems()).isEmpty();
        Path weights = directory.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        assertThat(verified().problems()).singleElement().asString().contains("is damaged");
        Removal removal = Removal.of(new HubCache(hub.cache()), List.of("amber@200"));
        assertThat(removal.directories()).containsExactly(directory);
        removal.run();
        assertThat(directory).doesNotExist();
    }

    private Verification.Result verified() throws Exception {
        return Verification.of(new HubCache(hub.cache()), List.of("amber@200"), path -> true)
                .run(bytes -> {})
                .get(0);
    }

    @Test
    void what_is_there_is_not_cast_again_and_another_type_does_not_replace_it() throws IOException {
        ServedCheckpoint served = ServedCheckpoint.of(false);
        serve(served.files());
        assertThat(cast().plan().here()).isFalse();
        cast().run();
        assertThat(cast().run().here()).isTrue();
        assertThat(cast().run().transferred()).isLessThan(3 << 16);
        CastDownload other =
                CastDownload.builder()
                        .setClient(hub.client())
                        .setCheckpoint(CHECKPOINT)
                        .setType(TensorType.F16)
                        .build();
        assertThatThrownBy(other::run).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(cast().plan().here()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {70_000, 3_000_000})
    void a_flipped_byte_leaves_nothing_behind(int at) throws IOException {
        serve(ServedCheckpoint.of(true).files());
        server.storageFault((exchange, file) -> sendFlipped(exchange, file, at));
        assertDamaged("don't have the hash that the Hub lists; nothing of it is kept");
    }

    @Test
    void a_header_that_was_wrong_when_it_was_read_ahead_is_seen_as_the_bytes_pass()
            throws IOException {
        ServedFile shard =
                new ServedFile(
                        "model.safetensors", ServedCheckpoint.of(false).shard(0).bytes(), true);
        serve(shard);
        // A name's digit, so that the header stays valid and lists a tensor under another name.
        int digit = text(shard.bytes()).indexOf("layers.5") + "layers.".length();
        AtomicInteger answers = new AtomicInteger();
        server.storageFault(
                (exchange, file) ->
                        file == shard
                                && answers.getAndIncrement() == 0
                                && sendFlipped(exchange, file, digit));
        assertDamaged("came differently when they were asked for twice");
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static boolean sendFlipped(HttpExchange exchange, ServedFile file, int at)
            throws IOException {
        byte[] bytes = file.bytes().clone();
        bytes[at] ^= 2;
        exchange.getResponseHeaders().set("ETag", "\"store-" + file.sha256() + "\"");
        HubServer.sendFile(exchange, bytes);
        return true;
    }

    private void assertDamaged(String message) throws IOException {
        assertThatThrownBy(() -> cast().run())
                .isInstanceOfSatisfying(
                        HubException.class,
                        e -> assertThat(e.getReason()).isEqualTo(Reason.DAMAGED))
                .hasMessageContaining(message);
        assertNothingIsLeft();
    }

    @Test
    void cut_connections_are_taken_up_where_they_broke() throws IOException {
        ServedCheckpoint served = ServedCheckpoint.of(true);
        serve(served.files());
        AtomicInteger cuts = new AtomicInteger();
        server.storageFault(
                (exchange, file) -> {
                    if (cuts.incrementAndGet() % 3 != 0) {
                        return false;
                    }
                    exchange.getResponseHeaders().set("ETag", "\"store-" + file.sha256() + "\"");
                    HubServer.sendFile(exchange, file.bytes(), 30_000);
                    return true;
                });
        long transferred = cast().run().transferred();
        // What a broken connection brought may be lost with it.
        long lost = 30_000L * (cuts.get() / 3);
        assertThat(transferred).isLessThan(served.shardBytes() + 4 * (1 << 16) + 8192 + lost);
    }

    @Test
    void a_disk_without_room_is_told_before_the_start() throws IOException {
        ServedCheckpoint served = ServedCheckpoint.of(false);
        serve(served.files());
        CastDownload cast = cast(hub.builder().optFreeSpace(directory -> 1_000_000).build());
        assertThatThrownBy(cast::run)
                .isInstanceOfSatisfying(
                        HubException.class,
                        e -> assertThat(e.getReason()).isEqualTo(Reason.NO_SPACE))
                .hasMessageContaining("3145728 bytes are needed")
                .hasMessageContaining("has room for 1000000");
        assertNothingIsLeft();
        assertThat(cast.plan().transferred()).isLessThan(served.shardBytes() / 4);
    }

    @Test
    void companions_come_along_and_what_the_model_has_no_use_for_does_not() throws IOException {
        Path model = TinyAmber.of(TinyAmber.sizes()).writeTo(temp.resolve("model"));
        TorchZipBuilder zip = new TorchZipBuilder().padded();
        zip.floats("model.layers.0.self_attn.rotary_emb.inv_freq", new long[] {4}, 1, 2, 3, 4);
        zip.tensor("steps", TensorType.I64, new long[] {1}, new byte[] {7, 0, 0, 0, 0, 0, 0, 0});
        zip.floats("lm_head.weight", new long[] {2}, 1, 2);
        serve(
                ServedFile.text("config.json", Files.readString(model.resolve("config.json"))),
                ServedFile.text("tokenizer.json", "{}"),
                ServedFile.text("eval_arc.json", "{}"),
                new ServedFile("pytorch_model.bin", zip.bytes(), true));
        Path directory = cast().run().directory();
        assertThat(directory.resolve("tokenizer.json")).hasContent("{}");
        assertThat(directory.resolve("eval_arc.json")).doesNotExist();
        assertThat(directory.resolve("config.json")).content().contains("bfloat16");
        try (Checkpoint cast = Checkpoint.open(directory)) {
            assertThat(cast.tensors()).containsOnlyKeys("steps", "lm_head.weight");
            assertThat(cast.get("steps").type()).isEqualTo(TensorType.I64);
            assertThat(cast.read("steps").getLong()).isEqualTo(7);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_head_beside_a_claim_that_it_is_tied_stays_and_the_claim_goes_if_it_is_wrong(
            boolean equal) throws Exception {
        TinyAmber tiny = TinyAmber.of(TinyAmber.sizes());
        float[] table = tiny.weight("model.embed_tokens.weight");
        if (equal) {
            System.arraycopy(table, 0, tiny.weight("lm_head.weight"), 0, table.length);
        }
        Path model = tiny.writeTo(temp.resolve("model"));
        String config = Files.readString(model.resolve("config.json"));
        byte[] weights = Files.readAllBytes(model.resolve("model.safetensors"));
        serve(
                ServedFile.text(
                        "config.json",
                        config.replace(
                                "\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true")),
                new ServedFile("model.safetensors", weights, true));
        Path directory = cast().run().directory();
        AmberConfig written = AmberConfig.read(directory.resolve("config.json"));
        assertThat(written.tiedEmbeddings()).isEqualTo(equal);
        try (Checkpoint cast = Checkpoint.open(directory)) {
            assertThat(cast.tensors()).containsKey("lm_head.weight");
        }
        assertThat(verified().problems()).isEmpty();
    }

    @Test
    void tensors_that_share_bytes_are_refused_before_the_start() throws IOException {
        TorchZipBuilder zip =
                new TorchZipBuilder()
                        .padded()
                        .storage("0", TensorType.F32, SafetensorsBuilder.littleEndian(1, 2, 3))
                        .view("a", "0", 0, new long[] {3}, new long[] {1})
                        .view("b", "0", 1, new long[] {2}, new long[] {1});
        serve(new ServedFile("pytorch_model.bin", zip.bytes(), true));
        assertThatThrownBy(() -> cast().plan())
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(
                        "tensor 'b' shares bytes with 'a', so it can't be cast while it comes in");
    }
}
