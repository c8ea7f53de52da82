package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.hub.HubException.Reason;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may ask whom for what, and with which secret. */
class HubAccessTest {

    private static final ServedFile CONFIG = ServedFile.text("config.json", "{}");
    private static final ServedFile WEIGHTS = ServedFile.weights("model.safetensors", 100_000);

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

    private HubException failure() {
        try {
            hub.pull();
        } catch (HubException e) {
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            assertThat(trace.toString()).doesNotContain(HubCase.TOKEN, "5ecret");
            return e;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("expected a failure");
    }

    @Test
    void the_token_goes_to_the_hub_and_nowhere_else() throws IOException {
        hub.with("HF_TOKEN", HubCase.TOKEN).pull();
        assertThat(server.requests()).anyMatch(request -> !request.ofHub());
        for (HubServer.Request request : server.requests()) {
            assertThat(request.authorization())
                    .isEqualTo(request.ofHub() ? "Bearer " + HubCase.TOKEN : null);
        }
    }

    @Test
    void a_list_that_goes_on_elsewhere_gets_no_token() throws IOException {
        server.hubFault(
                (exchange, file) -> {
                    if (!exchange.getRequestURI().getPath().contains("/tree/")) {
                        return false;
                    }
                    exchange.getResponseHeaders()
                            .set("Link", "<" + server.storageEndpoint() + "/x>; rel=\"next\"");
                    HubServer.send(exchange, "[]");
                    return true;
                });
        server.storageFault(
                (exchange, file) -> {
                    HubServer.send(exchange, "[]");
                    return true;
                });
        hub.with("HF_TOKEN", HubCase.TOKEN);
        assertThat(failure()).hasMessageContaining("none of its files");
        assertThat(server.requests()).last().extracting(HubServer.Request::authorization).isNull();
    }

    @Test
    void a_moved_repository_is_followed_with_the_token() throws IOException {
        server.hubFault(
                (exchange, file) -> {
                    String path = exchange.getRequestURI().toString();
                    if (!path.contains("LLM360/Old")) {
                        return false;
                    }
                    HubServer.redirect(exchange, path.replace("LLM360/Old", "LLM360/Tiny"));
                    return true;
                });
        hub.with("HF_TOKEN", HubCase.TOKEN);
        HubSnapshot snapshot =
                hub.client().snapshot("LLM360/Old", "main", path -> true, TransferListener.none());
        assertThat(snapshot.directory().resolve(WEIGHTS.path())).hasBinaryContent(WEIGHTS.bytes());
        assertThat(server.requests())
                .filteredOn(HubServer.Request::ofHub)
                .allMatch(request -> request.authorization() != null);
    }

    @Test
    void redirects_in_a_circle_end() {
        server.hubFault(
                (exchange, file) -> {
                    HubServer.redirect(exchange, exchange.getRequestURI() + "?again=1");
                    return true;
                });
        assertThat(failure())
                .hasMessageContaining("leads through more than 10 redirects")
                .extracting(HubException::getReason)
                .isEqualTo(Reason.REFUSED);
        assertThat(server.requests()).hasSize(11);
        assertThat(hub.pauses()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://cdn.example/x?Signature=5ecret",
                "ftp://cdn.example/x",
                "file:///etc/passwd",
                "",
                "https:///x",
                "http://[bad",
                "https://cdn.example:99999/x"
            })
    void nothing_is_asked_for_at_an_address_less_safe(String location) {
        assertThatThrownBy(
                        () -> HubHttp.next(URI.create("https://hub.example/a"), location, "a file"))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("where nothing is asked for")
                .hasMessageNotContaining("5ecret");
    }

    @Test
    void an_encrypted_address_and_a_relative_one_are_followed() throws IOException {
        URI hub = URI.create("https://hub.example/a/b");
        assertThat(HubHttp.next(hub, "https://cdn.example/x?s=1", ""))
                .hasToString("https://cdn.example/x?s=1");
        assertThat(HubHttp.next(hub, "/c", "")).hasToString("https://hub.example/c");
        assertThat(HubHttp.next(URI.create("http://hub/a"), "https://cdn/x", ""))
                .hasToString("https://cdn/x");
    }

    @Test
    void a_signature_that_has_run_out_is_made_anew() throws IOException {
        AtomicInteger requests = new AtomicInteger();
        server.storageFault(
                (exchange, file) -> {
                    if (requests.incrementAndGet() % 2 == 1) {
                        return false;
                    }
                    HubServer.error(exchange, 403, "");
                    return true;
                });
        hub.pull(hub.builder().optPartBytes(10_000).optConnections(2).build());
        hub.assertHas(CONFIG, WEIGHTS);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    401 | RepoNotFound     |              | NOT_FOUND | check the name, or put a token from
                    401 |                  | hf_a1b2c3d4  | NO_ACCESS | the Hub doesn't take the token; put a valid one into HF_TOKEN
                    403 | GatedRepo        | hf_a1b2c3d4  | NO_ACCESS | ask for access on the repository's page at http
                    403 |                  | hf_a1b2c3d4  | NO_ACCESS | check the token in HF_TOKEN and its permissions
                    404 | RepoNotFound     | hf_a1b2c3d4  | NOT_FOUND | there is no such repository; check its name
                    404 | RevisionNotFound |              | NOT_FOUND | the repository has no such branch, tag or commit
                    410 |                  |              | REFUSED   | HTTP 410
                    """)
    void a_refusal_says_what_to_do(
            int status, String code, String token, Reason reason, String advice) {
        server.hubFault(
                (exchange, file) -> {
                    exchange.getResponseHeaders().set("X-Error-Message", "because");
                    HubServer.error(exchange, status, code == null ? "" : code);
                    return true;
                });
        if (token != null) {
            hub.with("HF_TOKEN", token);
        }
        assertThat(failure())
                .hasMessageStartingWith("LLM360/Tiny@main: HTTP " + status + " (\"because\")")
                .hasMessageContaining(advice)
                .extracting(HubException::getReason)
                .isEqualTo(reason);
        assertThat(hub.pauses()).isEmpty();
    }

    @Test
    void a_file_that_storage_has_lost_is_named_without_its_signature() {
        server.storageFault(
                (exchange, file) -> {
                    HubServer.error(exchange, 404, "");
                    return true;
                });
        assertThat(failure()).hasMessageContaining("model.safetensors: HTTP 404");
    }

    @Test
    void what_is_no_hub_is_told() {
        server.hubFault(
                (exchange, file) -> {
                    HubServer.send(exchange, "<html>hello</html>");
                    return true;
                });
        assertThat(failure())
                .hasMessageContaining("isn't the Hub's JSON")
                .hasMessageContaining("is HF_ENDPOINT right?");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../evil",
                "a/../../evil",
                "/etc/evil",
                "a//b",
                "./a",
                "a/",
                "",
                "a\\\\b",
                "C:evil",
                "a\\u0000b"
            })
    void a_file_that_would_lie_elsewhere_is_refused(String path) throws IOException {
        server.hubFault(
                (exchange, file) -> {
                    if (!exchange.getRequestURI().getPath().contains("/tree/")) {
                        return false;
                    }
                    HubServer.send(
                            exchange,
                            "[{\"type\":\"file\",\"path\":\"%s\",\"size\":2,\"oid\":\"%s\"}]"
                                    .formatted(path, CONFIG.gitHash()));
                    return true;
                });
        assertThat(failure())
                .hasMessageContaining("which is refused")
                .extracting(HubException::getReason)
                .isEqualTo(Reason.REFUSED);
        assertThat(HubCase.all(home)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../x", "deadbeef", "ZZ36af56bb619924ec4189bd84ed716c766971ae"})
    void a_hash_that_is_none_is_refused(String oid) throws IOException {
        server.hubFault(
                (exchange, file) -> {
                    if (!exchange.getRequestURI().getPath().contains("/tree/")) {
                        return false;
                    }
                    HubServer.send(
                            exchange,
                            "[{\"type\":\"file\",\"path\":\"a\",\"size\":2,\"oid\":\"%s\"}]"
                                    .formatted(oid));
                    return true;
                });
        assertThat(failure()).hasMessageContaining("expected a SHA-1 of 40 hexadecimal digits");
        assertThat(HubCase.all(home)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a/b/c", "../x", "a--b", "x.git", "a b", "a/..", "-a", "a/b?x"})
    void names_that_are_no_repository_are_refused(String name) {
        assertThatThrownBy(() -> hub.client().refs(name))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("is no repository's name: expected one such as LLM360/Amber");
        assertThat(server.requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "../main", "a/../b", "/main"})
    void names_that_are_no_revision_are_refused(String name) {
        assertThatThrownBy(() -> hub.client().commit("LLM360/Tiny", name))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("is no revision");
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void what_a_failed_plan_leaves_is_nothing() throws IOException {
        assertThatThrownBy(() -> hub.client().plan("LLM360/Tiny", "ckpt_999", path -> true))
                .hasMessageContaining("no such branch, tag or commit");
        assertThat(Files.exists(hub.repository())).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404, 410, 200, 302})
    void a_hub_that_repeats_the_request_gets_no_token_into_a_message(int status) {
        server.hubFault(
                (exchange, file) -> {
                    String said = exchange.getRequestHeaders().getFirst("Authorization");
                    exchange.getResponseHeaders().set("X-Error-Message", said);
                    exchange.getResponseHeaders().set("Location", "gopher://x/" + said);
                    byte[] body =
                            "{\"sha\": \"%s\", \"%s\" "
                                    .formatted(said, said)
                                    .getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(status, body.length);
                    exchange.getResponseBody().write(body);
                    return true;
                });
        hub.with("HF_TOKEN", HubCase.TOKEN);
        assertThat(failure().getReason()).isNotEqualTo(Reason.UNREACHABLE);
        assertThat(server.requests()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"path\":\"\\ud800.json\",\"size\":2",
                "\"path\":\"a\",\"size\":1e99",
                "\"path\":\"a\",\"size\":9223372036854775808",
                "\"path\":\"a\",\"size\":1.5",
                "\"path\":\"a\",\"size\":-1",
                "\"path\":{},\"size\":2"
            })
    void a_list_that_makes_no_sense_is_refused(String entry) throws IOException {
        server.hubFault(
                (exchange, file) -> {
                    if (!exchange.getRequestURI().getPath().contains("/tree/")) {
                        return false;
                    }
                    HubServer.send(
                            exchange,
                            "[{\"type\":\"file\",%s,\"oid\":\"%s\"}]"
                                    .formatted(entry, CONFIG.gitHash()));
                    return true;
                });
        assertThat(failure().getReason()).isEqualTo(Reason.REFUSED);
        assertThat(HubCase.all(home)).isEmpty();
    }

    @Test
    void a_list_without_end_is_left() throws IOException {
        AtomicInteger pages = new AtomicInteger();
        server.hubFault(
                (exchange, file) -> {
                    if (!exchange.getRequestURI().getPath().contains("/tree/")) {
                        return false;
                    }
                    exchange.getResponseHeaders()
                            .set(
                                    "Link",
                                    "<?cursor=%d>; rel=\"next\""
                                            .formatted(pages.incrementAndGet()));
                    HubServer.send(exchange, "[]");
                    return true;
                });
        assertThat(failure())
                .hasMessageContaining("goes on beyond 1000 pages or 100000 files")
                .extracting(HubException::getReason)
                .isEqualTo(Reason.REFUSED);
        assertThat(HubCase.all(home)).isEmpty();
    }

    @Test
    void a_page_that_leads_to_itself_is_left() {
        server.hubFault(
                (exchange, file) -> {
                    if (!exchange.getRequestURI().getPath().contains("/tree/")) {
                        return false;
                    }
                    exchange.getResponseHeaders()
                            .set("Link", "<" + exchange.getRequestURI() + ">; rel=\"next\"");
                    HubServer.send(exchange, "[]");
                    return true;
                });
        assertThat(failure()).hasMessageContaining("goes round in a circle of pages");
    }

    @Test
    void an_answer_without_end_is_left() {
        server.hubFault(
                (exchange, file) -> {
                    exchange.sendResponseHeaders(200, 0);
                    byte[] blanks = new byte[1 << 20];
                    Arrays.fill(blanks, (byte) ' ');
                    for (int i = 0; i < 100; i++) {
                        exchange.getResponseBody().write(blanks);
                    }
                    return true;
                });
        assertThat(failure()).hasMessageContaining("answers with more than 16777216 bytes");
    }
}
