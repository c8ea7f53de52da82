package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Proxies as the usual environment variables name them. Where these name none, the JVM's own
 * settings ({@code https.proxyHost} and its kin) decide.
 */
public final class HubProxies extends ProxySelector {

    static final int LARGEST_PORT = 65535;

    private final Optional<URI> https;
    private final Optional<URI> http;
    private final List<String> except;

    private HubProxies(Optional<URI> https, Optional<URI> http, List<String> except) {
        this.https = https;
        this.http = http;
        this.except = except;
    }

    /** Reads variables, each in lower case before upper case, as other programs do. */
    static HubProxies of(Function<String, Optional<String>> variable) throws HubException {
        Optional<URI> all = proxy("all_proxy", variable);
        Optional<URI> https = proxy("https_proxy", variable);
        Optional<URI> http = proxy("http_proxy", variable);
        String except = either("no_proxy", variable).orElse("");
        return new HubProxies(
                https.or(() -> all),
                http.or(() -> all),
                Arrays.stream(except.split(","))
                        .map(name -> name.strip().toLowerCase(Locale.ROOT))
                        .map(name -> name.replaceFirst("^\\*?\\.", ""))
                        .filter(name -> !name.isEmpty())
                        .toList());
    }

    private static Optional<String> either(
            String name, Function<String, Optional<String>> variable) {
        return variable.apply(name).or(() -> variable.apply(name.toUpperCase(Locale.ROOT)));
    }

    private static Optional<URI> proxy(String name, Function<String, Optional<String>> variable)
            throws HubException {
        Optional<String> text = either(name, variable);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            URI uri = new URI(text.get().contains("://") ? text.get() : "http://" + text.get());
            if (uri.getHost() != null
                    && "http".equals(uri.getScheme())
                    && uri.getPort() <= LARGEST_PORT) {
                return Optional.of(uri);
            }
        } catch (URISyntaxException e) {
            // told below; the exception would repeat the text, and with it a password
        }
        throw new HubException(
                Reason.REFUSED,
                "the environment variable %s is no address of a proxy: expected one such as http://proxy.example:3128"
                        .formatted(name));
    }

    @Override
    public List<Proxy> select(URI uri) {
        if (https.isEmpty() && http.isEmpty()) {
            ProxySelector ofJvm = ProxySelector.getDefault();
            return ofJvm == null ? List.of(Proxy.NO_PROXY) : ofJvm.select(uri);
        }
        Optional<URI> proxy = proxy(uri);
        if (proxy.isEmpty()) {
            return List.of(Proxy.NO_PROXY);
        }
        int port = proxy.get().getPort() < 0 ? 80 : proxy.get().getPort();
        return List.of(
                new Proxy(
                        Proxy.Type.HTTP,
                        InetSocketAddress.createUnresolved(proxy.get().getHost(), port)));
    }

    private boolean isExcepted(URI uri) {
        String host = uri.getHost().toLowerCase(Locale.ROOT);
        return except.stream()
                .anyMatch(
                        name ->
                                name.equals("*")
                                        || host.equals(name)
                                        || host.endsWith("." + name)
                                        || name.equals(host + ":" + uri.getPort()));
    }

    /** Returns the header that lets a request pass its proxy, if its variable holds a login. */
    Optional<String> login(URI uri) {
        return proxy(uri)
                .map(URI::getUserInfo)
                .map(info -> info.contains(":") ? info : info + ":")
                .map(info -> info.getBytes(StandardCharsets.UTF_8))
                .map(bytes -> "Basic " + Base64.getEncoder().encodeToString(bytes));
    }

    /** Returns the logins as requests have them, which nobody may be shown. */
    List<String> secrets() {
        return Stream.of("https://any", "http://any")
                .flatMap(any -> login(URI.create(any)).stream())
                .map(header -> header.substring("Basic ".length()))
                .toList();
    }

    /** Says whom a request connects to: a host, or its proxy. */
    String way(URI uri) {
        String host = HubNames.host(uri);
        return proxy(uri)
                .map(
                        proxy ->
                                "the proxy %s, on the way to %s"
                                        .formatted(HubNames.host(proxy), host))
                .orElse(host);
    }

    private Optional<URI> proxy(URI uri) {
        Optional<URI> proxy = "https".equals(uri.getScheme()) ? https : http;
        return proxy.filter(found -> !isExcepted(uri));
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException failure) {
        // The request itself fails with it.
    }

    /** Shows the proxies' hosts, without logins. */
    @Override
    public String toString() {
        return "https: %s, http: %s".formatted(show(https), show(http));
    }

    private static String show(Optional<URI> proxy) {
        return proxy.map(uri -> uri.getHost() + ":" + uri.getPort()).orElse("none");
    }
}
