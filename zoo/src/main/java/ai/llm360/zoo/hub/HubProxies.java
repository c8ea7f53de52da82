package ai.llm360.zoo.hub;

import ai.llm360.zoo.hub.HubException.Reason;
import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * Proxies as the usual environment variables name them. Where these name none, the JVM's own
 * settings ({@code https.proxyHost} and its kin) decide.
 */
public final class HubProxies extends ProxySelector {

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
            if (uri.getHost() != null && "http".equals(uri.getScheme())) {
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
        Optional<URI> proxy = "https".equals(uri.getScheme()) ? https : http;
        if (proxy.isEmpty() || isExcepted(uri)) {
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

    /** Returns who answers a proxy that asks for a login, if a variable holds one. */
    Optional<Authenticator> login() {
        return https.or(() -> http).map(URI::getUserInfo).map(HubProxies::authenticator);
    }

    private static Authenticator authenticator(String userInfo) {
        int colon = userInfo.indexOf(':');
        String user = colon < 0 ? userInfo : userInfo.substring(0, colon);
        String password = colon < 0 ? "" : userInfo.substring(colon + 1);
        return new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                return getRequestorType() == RequestorType.PROXY
                        ? new PasswordAuthentication(user, password.toCharArray())
                        : null;
            }
        };
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
