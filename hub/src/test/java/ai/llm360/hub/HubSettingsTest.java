package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubSettingsTest {

    @TempDir Path home;

    @Test
    void an_empty_environment_means_the_public_hub_and_its_usual_cache() throws IOException {
        HubSettings settings = HubSettings.of(Map.of("HOME", home.toString()));
        assertThat(settings.endpoint()).hasToString("https://huggingface.co");
        assertThat(settings.cache()).isEqualTo(home.resolve(".cache/huggingface/hub"));
        assertThat(settings.token()).isEmpty();
        assertThat(settings.offline()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "HF_HOME, /h, /h/hub",
        "HF_HOME, ~/h, /home/u/h/hub",
        "XDG_CACHE_HOME, /x, /x/huggingface/hub",
        "HF_HUB_CACHE, /c, /c",
        "HUGGINGFACE_HUB_CACHE, /c, /c",
        "HF_HUB_CACHE, ~, /home/u"
    })
    void the_cache_is_where_python_has_it(String variable, String value, Path cache)
            throws IOException {
        assertThat(HubSettings.of(Map.of("HOME", "/home/u", variable, value)).cache())
                .isEqualTo(cache);
    }

    @ParameterizedTest
    @CsvSource({"1, true", "on, true", "Yes, true", "TRUE, true", "0, false", "'', false"})
    void connections_are_switched_off_by_the_words_python_takes(String word, boolean offline)
            throws IOException {
        assertThat(HubSettings.of(Map.of("HF_HUB_OFFLINE", word)).offline()).isEqualTo(offline);
    }

    @ParameterizedTest
    @CsvSource({
        "DJL_OFFLINE, true, true",
        "ai.djl.offline, true, true",
        "ai.djl.offline, false, false",
        "offline, true, false"
    })
    void connections_are_switched_off_by_what_a_user_tells_djl(
            String variable, String value, boolean offline) throws IOException {
        assertThat(HubSettings.of(Map.of(variable, value)).offline()).isEqualTo(offline);
    }

    @Test
    void a_system_property_stands_for_a_variable() throws IOException {
        String name = "HF_ENDPOINT";
        System.setProperty(name, "https://mirror.example");
        try {
            assertThat(HubSettings.ofEnvironment().endpoint())
                    .hasToString("https://mirror.example");
        } finally {
            System.clearProperty(name);
        }
        assertThat(HubSettings.ofEnvironment().offline()).isTrue();
    }

    @Test
    void the_token_comes_from_the_environment_or_from_a_login() throws IOException {
        Map<String, String> login = Map.of("HF_HOME", home.toString());
        assertThat(HubSettings.of(login).token()).isEmpty();
        Files.writeString(home.resolve("token"), "hf_file\n");
        assertThat(HubSettings.of(login).token()).contains("hf_file");
        assertThat(HubSettings.of(Map.of("HF_TOKEN", " hf_env\n", "HF_HOME", home.toString())))
                .extracting(settings -> settings.token().orElseThrow())
                .isEqualTo("hf_env");
        assertThat(
                        HubSettings.of(
                                Map.of("HF_HOME", "" + home, "HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")))
                .extracting(HubSettings::token)
                .isEqualTo(Optional.empty());
    }

    @Test
    void the_token_is_never_shown() throws IOException {
        Map<String, String> environment =
                Map.of("HF_TOKEN", "hf_secret", "HTTPS_PROXY", "http://me:pass@proxy:3128");
        assertThat(HubSettings.of(environment).toString())
                .contains("token=…", "https: proxy:3128")
                .doesNotContain("hf_secret", "pass");
        assertThatThrownBy(() -> HubSettings.of(Map.of("HF_TOKEN", "hf_se\ncret")))
                .hasMessageContaining("HF_TOKEN holds characters that no token has")
                .hasMessageNotContaining("cret");
    }

    @Test
    void a_token_file_that_is_no_text_is_told() throws IOException {
        Files.write(home.resolve("token"), new byte[] {(byte) 0xff, (byte) 0xc0});
        assertThatThrownBy(() -> HubSettings.of(Map.of("HF_HOME", home.toString())))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("holds characters that no token has");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://hub",
                "huggingface.co",
                "https://me:pass@hub",
                "https://hub?x",
                "::",
                "https://hub:99999"
            })
    void what_is_no_endpoint_is_told(String endpoint) {
        assertThatThrownBy(() -> HubSettings.of(Map.of("HF_ENDPOINT", endpoint)))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("HF_ENDPOINT is no address of a Hub")
                .hasMessageNotContaining("pass");
    }

    @ParameterizedTest
    @CsvSource({
        "https://huggingface.co/x, secure:1",
        "http://huggingface.co/x, plain:2",
        "https://cdn.local/x, none",
        "https://local/x, none",
        "https://notlocal/x, secure:1",
        "https://10.0.0.1/x, none"
    })
    void proxies_are_chosen_by_scheme_and_host(URI uri, String expected) throws IOException {
        HubProxies proxies =
                HubSettings.of(
                                Map.of(
                                        "https_proxy",
                                        "http://secure:1",
                                        "HTTP_PROXY",
                                        "plain:2",
                                        "NO_PROXY",
                                        " .local, 10.0.0.1"))
                        .proxies();
        Proxy proxy = proxies.select(uri).get(0);
        String shown =
                proxy.address() instanceof InetSocketAddress address
                        ? address.getHostString() + ":" + address.getPort()
                        : "none";
        assertThat(shown).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://proxy:99999", "socks5://proxy:1", "http://me:pass@", "proxy:x"})
    void what_is_no_proxy_is_told(String proxy) {
        assertThatThrownBy(() -> HubSettings.of(Map.of("HTTPS_PROXY", proxy)))
                .isInstanceOf(HubException.class)
                .hasMessageContaining(
                        "the environment variable https_proxy is no address of a proxy")
                .hasMessageNotContaining("pass");
    }

    @Test
    void all_traffic_goes_through_a_proxy_that_is_named() throws IOException {
        ServedFile config = ServedFile.text("config.json", "{}");
        try (HubServer server = HubServer.with(config)) {
            HubCase hub =
                    new HubCase(home, server)
                            .with("HF_ENDPOINT", "http://hub.invalid")
                            .with("http_proxy", server.endpoint());
            hub.pull();
            hub.assertHas(config);
        }
    }
}
