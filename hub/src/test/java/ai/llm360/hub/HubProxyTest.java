package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Proxies that ask for a login, and which of them is shown which secret. */
class HubProxyTest {

    private static final ServedFile CONFIG = ServedFile.text("config.json", "{}");

    @TempDir Path home;

    private static int port(String endpoint) {
        return URI.create(endpoint).getPort();
    }

    @Test
    void the_token_reaches_the_hub_through_a_proxy_that_asks_for_a_login() throws IOException {
        try (HubServer server = HubServer.with(CONFIG);
                ProxyServer proxy = new ProxyServer(port(server.endpoint()), "me:p@ss:word")) {
            HubCase hub =
                    new HubCase(home, server)
                            .with("HF_ENDPOINT", "http://hub.invalid")
                            .with("HF_TOKEN", HubCase.TOKEN)
                            .with("http_proxy", "http://me:p%40ss:word@127.0.0.1:" + proxy.port())
                            .with("https_proxy", "http://you:other@127.0.0.1:1");
            hub.pull();
            hub.assertHas(CONFIG);
            assertThat(server.requests())
                    .isNotEmpty()
                    .allMatch(r -> ("Bearer " + HubCase.TOKEN).equals(r.authorization()));
        }
    }

    @Test
    void one_proxys_password_is_not_shown_to_another() throws IOException {
        try (HubServer server = HubServer.with(CONFIG);
                ProxyServer proxy = new ProxyServer(port(server.endpoint()), "me:secret")) {
            HubCase hub =
                    new HubCase(home, server)
                            .with("HF_ENDPOINT", "http://hub.invalid")
                            .with("http_proxy", "http://127.0.0.1:" + proxy.port())
                            .with("https_proxy", "http://me:secret@127.0.0.1:1");
            assertThatThrownBy(hub::pull)
                    .isInstanceOf(HubException.class)
                    .hasMessageContaining("the proxy asks for a login (HTTP 407)")
                    .hasMessageNotContaining("secret");
            assertThat(proxy.heads())
                    .isNotEmpty()
                    .noneMatch(head -> head.contains("Proxy-Authorization"));
        }
    }

    /** The JDK reads once in a process whether a tunnel may have a login in plain text. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_tunnel_has_the_login_where_the_jvm_allows_it(boolean allowed) throws Exception {
        Path keys = home.resolve("keys.p12");
        List<String> tokens = new CopyOnWriteArrayList<>();
        HttpsServer server =
                HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(HubTlsTest.selfSigned(keys)));
        server.createContext(
                "/",
                exchange -> {
                    try (exchange) {
                        tokens.add(exchange.getRequestHeaders().getFirst("Authorization"));
                        HubServer.send(exchange, "{\"sha\": \"" + "a".repeat(40) + "\"}");
                    }
                });
        server.start();
        int port = server.getAddress().getPort();
        try (ProxyServer proxy = new ProxyServer(port, "me:secret")) {
            String said = commit(allowed, keys, port, "http://me:secret@127.0.0.1:" + proxy.port());
            assertThat(said).doesNotContain("secret", HubCase.TOKEN);
            assertThat(proxy.heads()).hasSize(1);
            assertThat(proxy.heads().get(0))
                    .startsWith("CONNECT localhost:" + port + " ")
                    .doesNotContain(HubCase.TOKEN);
            if (allowed) {
                assertThat(proxy.heads().get(0))
                        .contains("\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n");
                assertThat(said).isEqualTo("a".repeat(40) + "\n");
                assertThat(tokens).containsExactly("Bearer " + HubCase.TOKEN);
            } else {
                assertThat(said).contains("HTTP 407", "-Djdk.http.auth.tunneling.disabledSchemes=");
                assertThat(tokens).isEmpty();
            }
        } finally {
            server.stop(0);
        }
    }

    /** Asks for a commit in a process of its own, and returns what that prints. */
    private String commit(boolean allowed, Path keys, int port, String proxy) throws Exception {
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-Djavax.net.ssl.trustStore=" + keys,
                                "-Djavax.net.ssl.trustStorePassword="
                                        + new String(HubTlsTest.PASSWORD),
                                "-Djdk.http.auth.tunneling.disabledSchemes="
                                        + (allowed ? "" : "Basic"),
                                "-cp",
                                System.getProperty("java.class.path"),
                                HubProxyTest.class.getName(),
                                home.toString(),
                                "https://localhost:" + port,
                                proxy)
                        .redirectErrorStream(true)
                        .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    /** Asks an encrypted Hub for a commit, and prints it or why there is none. */
    public static void main(String[] arguments) throws IOException {
        HubSettings settings =
                HubSettings.of(
                        Map.of(
                                "HF_HOME", arguments[0],
                                "HF_ENDPOINT", arguments[1],
                                "https_proxy", arguments[2],
                                "HF_TOKEN", HubCase.TOKEN));
        HubClient client =
                HubClient.builder().setSettings(settings).optPause(duration -> {}).build();
        try {
            System.out.println(client.commit(HubServer.REPOSITORY, "main"));
        } catch (HubException e) {
            e.printStackTrace(System.out);
        }
    }
}
