package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The Hub's address, login, proxy and cache, by the environment variables that Python's {@code
 * huggingface_hub} knows, with the meaning that they have there.
 *
 * <p>As with DJL's own settings, a system property of the same name counts where the environment
 * has no such variable: {@code -DHF_ENDPOINT=https://mirror.example}.
 *
 * @param endpoint the Hub's address, {@code HF_ENDPOINT}; without a slash at its end
 * @param token {@code HF_TOKEN}, else what {@code huggingface-cli login} left in {@code
 *     HF_TOKEN_PATH} or {@code HF_HOME/token}; not in {@link #toString}
 * @param cache the directory of the repositories, {@code HF_HUB_CACHE}
 * @param offline whether connections are switched off: {@code HF_HUB_OFFLINE}, or DJL's {@code
 *     DJL_OFFLINE=true} or {@code ai.djl.offline=true}
 * @param proxies {@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code ALL_PROXY}, {@code NO_PROXY}
 */
public record HubSettings(
        URI endpoint, Optional<String> token, Path cache, boolean offline, HubProxies proxies) {

    private static final String HUB = "https://huggingface.co";
    private static final int SHORTEST_TOKEN = 6;
    private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");

    /**
     * Reads this process' environment and system properties.
     *
     * @throws IOException if a variable makes no sense, or the token's file can't be read
     */
    public static HubSettings ofEnvironment() throws IOException {
        return of(HubSettings::environmentElseProperty);
    }

    private static String environmentElseProperty(String name) {
        String value = System.getenv(name);
        return value == null ? System.getProperty(name) : value;
    }

    /**
     * Reads an environment.
     *
     * @param environment names and values of variables; only these are looked at
     * @throws IOException if a variable makes no sense, or the token's file can't be read
     */
    public static HubSettings of(Map<String, String> environment) throws IOException {
        return of(environment::get);
    }

    private static HubSettings of(UnaryOperator<String> environment) throws IOException {
        Variables variables = new Variables(environment);
        Path home =
                variables
                        .path("HF_HOME")
                        .or(() -> variables.path("XDG_CACHE_HOME").map(HubSettings::below))
                        .orElseGet(() -> below(variables.userHome().resolve(".cache")));
        Path cache =
                variables
                        .path("HF_HUB_CACHE")
                        .or(() -> variables.path("HUGGINGFACE_HUB_CACHE"))
                        .orElse(home.resolve("hub"));
        return new HubSettings(
                endpoint(variables.text("HF_ENDPOINT").orElse(HUB)),
                token(variables, home),
                cache.toAbsolutePath().normalize(),
                variables.isTrue("HF_HUB_OFFLINE")
                        || variables.isTrue("TRANSFORMERS_OFFLINE")
                        || variables.isDjlOffline(),
                HubProxies.of(variables::text));
    }

    private static Path below(Path caches) {
        return caches.resolve("huggingface");
    }

    private static URI endpoint(String text) throws HubException {
        try {
            URI uri = new URI(text.replaceAll("/+$", ""));
            boolean web = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
            if (web
                    && uri.getHost() != null
                    && uri.getPort() <= HubProxies.LARGEST_PORT
                    && uri.getRawUserInfo() == null
                    && uri.getRawQuery() == null
                    && uri.getRawFragment() == null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // told below; the exception would repeat the text, and with it a login
        }
        throw new HubException(
                Reason.REFUSED, "HF_ENDPOINT is no address of a Hub: expected one such as " + HUB);
    }

    private static Optional<String> token(Variables variables, Path home) throws IOException {
        if (variables.isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
            return Optional.empty();
        }
        Optional<String> token =
                variables.text("HF_TOKEN").or(() -> variables.text("HUGGING_FACE_HUB_TOKEN"));
        String source = "HF_TOKEN";
        Path file = variables.path("HF_TOKEN_PATH").orElse(home.resolve("token"));
        if (token.isEmpty() && Files.isRegularFile(file)) {
            source = file.toString();
            token =
                    Optional.of(Files.readString(file, StandardCharsets.ISO_8859_1).strip())
                            .filter(text -> !text.isEmpty());
        }
        if (token.isPresent() && !token.get().chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw new HubException(
                    Reason.REFUSED,
                    source + " holds characters that no token has; copy the token anew");
        }
        return token;
    }

    /** Returns a foreign text without this user's token and logins, which it may repeat. */
    String withoutSecrets(String text) {
        String shown = text;
        for (String secret : proxies.secrets()) {
            shown = shown.replace(secret, "…");
        }
        // A shorter one is no secret, and may be a part of any text.
        return token.isPresent() && token.get().length() >= SHORTEST_TOKEN
                ? shown.replace(token.get(), "…")
                : shown;
    }

    /** Shows everything but the token. */
    @Override
    public String toString() {
        return "HubSettings[endpoint=%s, token=%s, cache=%s, offline=%s, proxies=%s]"
                .formatted(endpoint, token.isPresent() ? "…" : "none", cache, offline, proxies);
    }

    private record Variables(UnaryOperator<String> value) {

        Optional<String> text(String name) {
            return Optional.ofNullable(value.apply(name))
                    .map(String::strip)
                    .filter(text -> !text.isEmpty());
        }

        Optional<Path> path(String name) {
            return text(name)
                    .map(
                            text ->
                                    text.equals("~") || text.startsWith("~/")
                                            ? userHome()
                                                    .resolve(text.substring(1).replaceAll("^/", ""))
                                            : Path.of(text));
        }

        /**
         * By the user's own word: DJL's weaker {@code offline} is this library's, for DJL alone.
         */
        boolean isDjlOffline() {
            return Boolean.parseBoolean(
                    text("DJL_OFFLINE").or(() -> text("ai.djl.offline")).orElse(null));
        }

        Path userHome() {
            return Path.of(text("HOME").orElse(System.getProperty("user.home")));
        }

        boolean isTrue(String name) {
            return text(name)
                    .map(text -> TRUE.contains(text.toUpperCase(Locale.ROOT)))
                    .orElse(false);
        }
    }
}
