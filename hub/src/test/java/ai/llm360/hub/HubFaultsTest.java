package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.hub.HubException.Reason;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What networks and servers do to a download, and that it costs time at most. */
class HubFaultsTest {

    private static final ServedFile CONFIG = ServedFile.text("config.json", "{}");
    private static final ServedFile WEIGHTS = ServedFile.weights("model.safetensors", 1_000_003);

    @TempDir Path home;
    private HubServer server;
    private HubCase hub;

    @BeforeEach
    void start() throws IOException {
        server = HubServer.with(CONFIG, WEIGHTS);
        hub = new HubCase(home, server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void assertFails(Reason reason, ThrowingCallable call, String... parts)
            throws IOException {
        assertThatThrownBy(call)
                .isInstanceOf(HubException.class)
                .hasMessageContainingAll(parts)
                .extracting(e -> ((HubException) e).getReason())
                .isEqualTo(reason);
        assertThat(hub.snapshot().resolve(WEIGHTS.path())).doesNotExist();
        assertThat(hub.blob(WEIGHTS)).doesNotExist();
        hub.assertNothingDamaged();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void a_connection_cut_a_hundred_times_costs_nothing_but_requests(int connections)
            throws IOException {
        Random random = new Random(360);
        AtomicInteger cuts = new AtomicInteger();
        server.storageFault(
                (exchange, file) -> {
                    if (cuts.getAndIncrement() >= 100) {
                        return false;
                    }
                    HubServer.sendFile(exchange, file.bytes(), 1 + random.nextInt(9_000));
                    return true;
                });
        hub.pull(hub.builder().optConnections(connections).build());
        hub.assertHas(CONFIG, WEIGHTS);
        assertThat(cuts.get()).isGreaterThan(100);
    }

    @Test
    void goes_on_at_the_byte_where_an_earlier_download_stopped() throws IOException {
        server.storageFault(
                (exchange, file) -> {
                    HubServer.sendFile(exchange, file.bytes(), 50_000);
                    server.storageFault((again, same) -> refuse(again, 503));
                    return true;
                });
        HubClient client = hub.builder().optConnections(1).build();
        assertFails(
                Reason.UNREACHABLE,
                () -> hub.pull(client),
                "model.safetensors: gave up after 9 failures in a row: HTTP 503 from ",
                "ask again later");
        assertThat(hub.partial(WEIGHTS)).hasSize(50_000);
        server.storageFault((exchange, file) -> false);
        server.requests().clear();
        HubPlan plan = client.plan(HubServer.REPOSITORY, "main", path -> true);
        assertThat(plan.missingBytes()).isEqualTo(WEIGHTS.size() - 50_000);
        client.download(plan, TransferListener.none());
        hub.assertHas(CONFIG, WEIGHTS);
        assertThat(server.requestsOf(WEIGHTS))
                .extracting(HubServer.Request::range)
                .containsExactly("bytes=50000-1000002");
    }

    private static boolean refuse(HttpExchange exchange, int status) throws IOException {
        HubServer.error(exchange, status, "");
        return true;
    }

    @Test
    void a_server_that_ignores_ranges_is_read_in_one_stream() throws IOException {
        server.storageFault((exchange, file) -> HubServer.sendWhole(exchange, file.bytes()));
        hub.pull();
        hub.assertHas(CONFIG, WEIGHTS);
        assertThat(server.requestsOf(WEIGHTS)).hasSizeLessThanOrEqualTo(5);
    }

    @Test
    void what_is_there_counts_also_where_ranges_are_ignored() throws IOException {
        server.storageFault((exchange, file) -> HubServer.sendWhole(exchange, file.bytes()));
        Files.createDirectories(hub.partial(WEIGHTS).getParent());
        Files.write(hub.partial(WEIGHTS), Arrays.copyOf(WEIGHTS.bytes(), 123_456));
        hub.pull(hub.builder().optConnections(1).build());
        hub.assertHas(CONFIG, WEIGHTS);
        assertThat(server.requestsOf(WEIGHTS)).hasSize(1);
    }

    @Test
    void a_wrong_content_length_is_asked_for_again() throws IOException {
        AtomicInteger wrong = new AtomicInteger();
        server.storageFault(
                (exchange, file) -> {
                    if (wrong.getAndIncrement() >= 3) {
                        return false;
                    }
                    String page = "log in to the hotel's network";
                    return HubServer.sendWhole(exchange, page.getBytes(StandardCharsets.UTF_8));
                });
        hub.pull(hub.builder().optConnections(1).build());
        hub.assertHas(CONFIG, WEIGHTS);
    }

    @Test
    void a_content_length_that_stays_wrong_is_told() throws IOException {
        server.storageFault(
                (exchange, file) ->
                        HubServer.sendWhole(exchange, Arrays.copyOf(file.bytes(), 999)));
        assertFails(
                Reason.UNREACHABLE,
                () -> hub.pull(hub.builder().optConnections(1).build()),
                "the server offers 999 bytes where the Hub lists 1000003");
    }

    @ParameterizedTest
    @CsvSource({"5, 65536", "0, 70000"})
    void another_range_than_was_asked_for_is_not_taken(int from, int to) throws IOException {
        server.storageFault(
                (exchange, file) -> {
                    HubServer.sendRange(exchange, file.bytes(), from, to, to);
                    return true;
                });
        assertFails(
                Reason.UNREACHABLE,
                hub::pull,
                "the server answers bytes 0 to 65535 with Content-Range 'bytes %d-%d/1000003'"
                        .formatted(from, to - 1));
    }

    @Test
    void a_flipped_byte_is_fetched_again() throws IOException {
        AtomicInteger requests = new AtomicInteger();
        server.storageFault(
                (exchange, file) -> {
                    boolean flip = requests.getAndIncrement() == 7;
                    byte[] bytes = flip ? flipped(file) : file.bytes();
                    HubServer.sendFile(exchange, bytes);
                    return true;
                });
        hub.pull();
        hub.assertHas(CONFIG, WEIGHTS);
    }

    private static byte[] flipped(ServedFile file) {
        byte[] bytes = file.bytes().clone();
        for (int i = 0; i < bytes.length; i += 10_000) {
            bytes[i] ^= 1;
        }
        return bytes;
    }

    @Test
    void bytes_that_stay_wrong_never_get_a_name() throws IOException {
        server.storageFault(
                (exchange, file) -> {
                    byte[] bytes = flipped(file);
                    HubServer.sendFile(exchange, bytes);
                    return true;
                });
        assertFails(
                Reason.DAMAGED,
                hub::pull,
                "model.safetensors: downloaded 2 times, and its bytes don't have the hash",
                "nothing of it is kept");
        assertThat(hub.partial(WEIGHTS)).doesNotExist();
        assertThat(hub.snapshot().resolve(CONFIG.path())).hasContent("{}");
    }

    @Test
    void a_small_file_is_verified_too() throws IOException {
        server.hubFault(
                (exchange, file) -> {
                    if (file != CONFIG) {
                        return false;
                    }
                    HubServer.send(exchange, "[]");
                    return true;
                });
        assertFails(Reason.DAMAGED, hub::pull, "config.json: downloaded 2 times");
        assertThat(hub.snapshot().resolve(CONFIG.path())).doesNotExist();
    }

    @Test
    void a_damaged_beginning_is_thrown_away() throws IOException {
        Files.createDirectories(hub.partial(WEIGHTS).getParent());
        Files.write(hub.partial(WEIGHTS), Arrays.copyOf(flipped(WEIGHTS), 400_000));
        hub.pull();
        hub.assertHas(CONFIG, WEIGHTS);
    }

    @Test
    void an_etag_that_changes_between_parts_begins_anew_in_one_stream() throws IOException {
        AtomicInteger version = new AtomicInteger();
        server.storageFault(
                (exchange, file) -> {
                    int now = version.getAndIncrement();
                    exchange.getResponseHeaders().set("ETag", "\"v" + now + "\"");
                    boolean part = exchange.getRequestHeaders().containsKey("Range");
                    byte[] bytes = part && now % 2 == 0 ? flipped(file) : file.bytes();
                    HubServer.sendFile(exchange, bytes);
                    return true;
                });
        hub.pull();
        hub.assertHas(CONFIG, WEIGHTS);
        assertThat(server.requestsOf(WEIGHTS)).last().extracting(HubServer.Request::range).isNull();
    }

    @Test
    void a_mirror_whose_machines_disagree_on_the_etag_is_of_use() throws IOException {
        AtomicInteger machine = new AtomicInteger();
        server.storageFault(
                (exchange, file) -> {
                    exchange.getResponseHeaders()
                            .set("ETag", "\"machine" + machine.getAndIncrement() + "\"");
                    HubServer.sendFile(exchange, file.bytes(), 300_000);
                    return true;
                });
        hub.pull();
        hub.assertHas(CONFIG, WEIGHTS);
    }

    @Test
    void a_hub_that_says_another_hash_than_it_listed_is_not_believed() throws IOException {
        server.hubFault(
                (exchange, file) -> {
                    if (file != WEIGHTS) {
                        return false;
                    }
                    exchange.getResponseHeaders()
                            .set("X-Linked-Etag", "\"" + "0".repeat(64) + "\"");
                    HubServer.redirect(
                            exchange,
                            server.storageEndpoint()
                                    + "/cas/"
                                    + file.sha256()
                                    + "?"
                                    + HubServer.SIGNATURE);
                    return true;
                });
        assertFails(
                Reason.DAMAGED,
                hub::pull,
                "answers with hash '" + "0".repeat(64),
                "where it listed '" + WEIGHTS.sha256());
    }

    @Test
    void a_storm_of_429_is_waited_out_as_the_server_asks() throws IOException {
        AtomicInteger storm = new AtomicInteger();
        HubServer.Fault busy =
                (exchange, file) -> {
                    if (storm.getAndIncrement() >= 40) {
                        return false;
                    }
                    exchange.getResponseHeaders().set("Retry-After", "7");
                    return refuse(exchange, 429);
                };
        server.hubFault(busy).storageFault(busy);
        hub.pull();
        hub.assertHas(CONFIG, WEIGHTS);
        assertThat(hub.pauses()).hasSize(40).containsOnly(Duration.ofSeconds(7));
    }

    @Test
    void a_storm_without_end_is_given_up_after_a_quarter_of_an_hour() throws IOException {
        server.hubFault(
                (exchange, file) -> {
                    exchange.getResponseHeaders().set("RateLimit", "\"api\";r=0;t=120");
                    return refuse(exchange, 429);
                });
        assertFails(
                Reason.UNREACHABLE,
                hub::pull,
                "the server asked for another 120 s of waiting: HTTP 429");
        assertThat(hub.pauses()).hasSize(7).containsOnly(Duration.ofMinutes(2));
    }

    @Test
    void a_date_says_how_long_to_wait() throws IOException {
        AtomicInteger requests = new AtomicInteger();
        server.hubFault(
                (exchange, file) -> {
                    if (requests.getAndIncrement() > 0) {
                        return false;
                    }
                    // In the past: by its own clock the server asks for no time at all.
                    exchange.getResponseHeaders()
                            .set("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT");
                    return refuse(exchange, 503);
                });
        hub.pull();
        assertThat(hub.pauses()).containsExactly(Duration.ofSeconds(1));
    }

    @Test
    void failures_without_a_word_are_tried_again_less_and_less_often() throws IOException {
        server.hubFault((exchange, file) -> refuse(exchange, 500));
        assertFails(Reason.UNREACHABLE, hub::pull, "gave up after 9 failures in a row: HTTP 500");
        assertThat(hub.pauses()).hasSize(8);
        assertThat(hub.pauses().get(0)).isBetween(Duration.ofMillis(125), Duration.ofMillis(250));
        assertThat(hub.pauses().get(7)).isBetween(Duration.ofSeconds(16), Duration.ofSeconds(32));
    }

    @Test
    void a_server_that_falls_silent_is_left() throws IOException {
        CountDownLatch end = new CountDownLatch(1);
        AtomicInteger requests = new AtomicInteger();
        server.storageFault(
                (exchange, file) -> {
                    if (requests.getAndIncrement() > 0) {
                        return false;
                    }
                    exchange.sendResponseHeaders(200, file.size());
                    exchange.getResponseBody().write(file.bytes(), 0, 1000);
                    exchange.getResponseBody().flush();
                    try {
                        end.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    return true;
                });
        hub.pull(hub.builder().optConnections(1).optSilence(Duration.ofMillis(300)).build());
        end.countDown();
        hub.assertHas(CONFIG, WEIGHTS);
        assertThat(server.requestsOf(WEIGHTS))
                .last()
                .extracting(HubServer.Request::range)
                .isEqualTo("bytes=1000-1000002");
    }

    @Test
    void a_disk_that_is_too_small_is_told_before_the_start() throws IOException {
        HubClient client = hub.builder().optFreeSpace(directory -> 1_000_000).build();
        assertFails(
                Reason.NO_SPACE,
                () -> hub.pull(client),
                "1000005 bytes are needed",
                "has room for 1000000; free some space, or use another disk");
        assertThat(server.requestsOf(CONFIG)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://hub.invalid", "http://127.0.0.1:1"})
    void without_a_connection_the_first_request_fails_at_once(String endpoint) {
        hub.with("HF_ENDPOINT", endpoint);
        assertThatThrownBy(hub::pull)
                .isInstanceOf(HubException.class)
                .hasMessageContainingAll(
                        "LLM360/Tiny@main: no connection to " + endpoint.substring(7) + " (",
                        "HF_HUB_OFFLINE=1",
                        "HF_ENDPOINT")
                .extracting(e -> ((HubException) e).getReason())
                .isEqualTo(Reason.UNREACHABLE);
        assertThat(hub.pauses()).isEmpty();
    }

    @Test
    void a_connection_that_is_lost_on_the_way_is_waited_for_and_that_is_told() {
        List<HubRetry> told = Collections.synchronizedList(new ArrayList<>());
        HubClient client = hub.builder().optRetryListener(told::add).optConnections(1).build();
        server.storageFault(
                (exchange, file) -> {
                    HubServer.sendFile(exchange, file.bytes(), 1000);
                    server.close();
                    return true;
                });
        assertThatThrownBy(() -> hub.pull(client))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("gave up after 9 failures in a row");
        assertThat(hub.pauses()).hasSize(8);
        assertThat(told).extracting(HubRetry::delay).isEqualTo(hub.pauses());
        assertThat(told.get(7).toString())
                .matches(
                        "LLM360/Tiny@\\w+ model.safetensors: no answer from .*;"
                                + " retrying in \\d+ s \\(8 of 8\\)");
    }
}
