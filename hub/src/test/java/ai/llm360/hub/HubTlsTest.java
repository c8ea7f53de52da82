package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.hub.HubException.Reason;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An encrypted Hub, and what must not follow from one. */
class HubTlsTest {

    static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir static Path keys;
    private static SSLContext trusting;
    @TempDir Path home;
    private HubServer plain;
    private HttpsServer encrypted;
    private HubCase hub;
    private final AtomicInteger requests = new AtomicInteger();

    @BeforeAll
    static void makeKeys() throws Exception {
        trusting = selfSigned(keys.resolve("keys.p12"));
    }

    @BeforeEach
    void start() throws IOException {
        plain = HubServer.with(ServedFile.text("config.json", "{}"));
        encrypted =
                HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        encrypted.setHttpsConfigurator(new HttpsConfigurator(trusting));
        encrypted.createContext(
                "/",
                exchange -> {
                    requests.incrementAndGet();
                    try (exchange) {
                        HubServer.redirect(exchange, plain.endpoint() + exchange.getRequestURI());
                    }
                });
        encrypted.start();
        hub =
                new HubCase(home, plain)
                        .with("HF_TOKEN", HubCase.TOKEN)
                        .with(
                                "HF_ENDPOINT",
                                "https://localhost:" + encrypted.getAddress().getPort());
    }

    @AfterEach
    void stop() {
        plain.close();
        encrypted.stop(0);
    }

    /** Makes a key of localhost in a file, and what shows and trusts it. */
    static SSLContext selfSigned(Path file) throws Exception {
        String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        Process process =
                new ProcessBuilder(
                                keytool,
                                "-genkeypair",
                                "-alias",
                                "hub",
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=localhost",
                                "-ext",
                                "SAN=dns:localhost",
                                "-keystore",
                                file.toString(),
                                "-storepass",
                                new String(PASSWORD))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        assertThat(process.waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            keys.load(in, PASSWORD);
        }
        KeyManagerFactory own =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, PASSWORD);
        TrustManagerFactory trusted =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusted.init(keys);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), trusted.getTrustManagers(), null);
        return context;
    }

    @Test
    void a_redirect_to_a_plain_address_is_not_followed() {
        HubClient client =
                hub.builder().optHttp(HttpClient.newBuilder().sslContext(trusting)).build();
        assertThatThrownBy(() -> hub.pull(client))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("redirects to 'http://127.0.0.1:")
                .hasMessageContaining("expected an https: address")
                .hasMessageNotContaining(HubCase.TOKEN)
                .extracting(e -> ((HubException) e).getReason())
                .isEqualTo(Reason.REFUSED);
        assertThat(requests).hasValue(1);
        assertThat(plain.requests()).isEmpty();
    }

    @Test
    void a_server_that_cannot_show_who_it_is_gets_no_request() {
        assertThatThrownBy(hub::pull)
                .isInstanceOf(HubException.class)
                .hasMessageContaining("can't show who it is")
                .hasMessageContaining("whose certificate Java doesn't trust?");
        assertThat(requests).hasValue(0);
    }
}
