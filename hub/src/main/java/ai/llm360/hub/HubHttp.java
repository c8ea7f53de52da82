package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

/**
 * One request, with its redirects. They are followed here and not by the JDK, which would carry on
 * from an encrypted to a plain address and knows nothing of the token: that goes to the Hub's own
 * scheme, host and port, and nowhere else.
 */
final class HubHttp {

    private static final int MAX_REDIRECTS = 10;
    private static final Duration CONNECT = Duration.ofSeconds(10);

    private final HubSettings settings;
    private final Duration silence;
    private final HttpClient http;
    private final LongAdder received;

    /** True once anyone has answered: then a failure to connect may pass. */
    private final AtomicBoolean answered;

    /**
     * Creates a client.
     *
     * @param silence the longest wait for a server's next bytes
     * @param http settings of the JDK's client that aren't ours to choose, such as trust
     */
    HubHttp(HubSettings settings, Duration silence, HttpClient.Builder http) {
        this.settings = settings;
        this.silence = silence;
        received = new LongAdder();
        answered = new AtomicBoolean();
        this.http =
                // HTTP/2 would send all parts of a file through one connection.
                http.version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(CONNECT)
                        .proxy(settings.proxies())
                        .build();
    }

    private HubHttp(HubHttp same) {
        settings = same.settings;
        silence = same.silence;
        http = same.http;
        received = new LongAdder();
        answered = same.answered;
    }

    /** Returns a client on the same connections, with a counter of its own. */
    HubHttp counting() {
        return new HubHttp(this);
    }

    /** Returns how many bytes of bodies have come in. */
    long received() {
        return received.sum();
    }

    HubSettings settings() {
        return settings;
    }

    /**
     * Asks for a whole resource.
     *
     * @param what what that is, for messages
     * @throws TransientException if it may work at the next try
     * @throws HubException if it won't
     */
    HubResponse get(URI uri, String what) throws IOException {
        return get(uri, null, what);
    }

    /**
     * Asks for a resource, or a range of it.
     *
     * @param range such as {@code bytes=0-99}; null for all
     */
    HubResponse get(URI uri, String range, String what) throws IOException {
        if (settings.offline()) {
            throw new HubException(
                    Reason.OFFLINE,
                    "%s: not asked for, because HF_HUB_OFFLINE or ai.djl.offline is set; unset it to connect"
                            .formatted(what));
        }
        HubResponse.Said said = new HubResponse.Said();
        URI at = uri;
        for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
            Answer answer = send(at, range, what);
            HttpHeaders headers = withoutSecrets(answer.headers());
            if (isHub(at)) {
                said.hear(headers);
            }
            int status = answer.status();
            if (status == 200 || status == 206) {
                return new HubResponse(at, status, headers, said, answer.body());
            }
            if (answer.body() != null) { // a proxy that refuses a tunnel has none
                answer.body().close();
            }
            if (status < 301 || status > 308 || status == 304) {
                throw StatusFailure.of(status, headers, at, isHub(at), settings, what);
            }
            at = next(at, headers.firstValue("Location").orElse(""), what);
        }
        throw new HubException(
                Reason.REFUSED,
                "%s: %s leads through more than %d redirects; is HF_ENDPOINT right?"
                        .formatted(what, HubNames.show(uri), MAX_REDIRECTS));
    }

    /** Holds the headers that a server answered, and its body as it comes. */
    private record Answer(int status, HttpHeaders headers, BodyStream body) {}

    private Answer send(URI uri, String range, String what) throws IOException {
        AtomicReference<Answer> begun = new AtomicReference<>();
        try {
            HttpRequest.Builder request =
                    HttpRequest.newBuilder(uri)
                            .timeout(silence)
                            .header("User-Agent", "llm360-jvm")
                            .header("Accept-Encoding", "identity");
            if (range != null) {
                request.header("Range", range);
            }
            if (isHub(uri) && settings.token().isPresent()) {
                request.header("Authorization", "Bearer " + settings.token().get());
            }
            // Not by an Authenticator: with one, the JDK drops the header with the token.
            settings.proxies()
                    .login(uri)
                    .ifPresent(login -> request.header("Proxy-Authorization", login));
            HttpResponse<BodyStream> response =
                    http.send(
                            request.build(),
                            info -> {
                                BodyStream body = new BodyStream(silence, received);
                                begun.set(new Answer(info.statusCode(), info.headers(), body));
                                return body;
                            });
            answered.set(true);
            return new Answer(response.statusCode(), response.headers(), response.body());
        } catch (InterruptedException e) {
            throw Sleeper.interrupted();
        } catch (IllegalArgumentException e) {
            // The JDK's own, of numbers in headers and addresses that are none.
            throw new HubException(
                    Reason.REFUSED,
                    "%s: what %s answers isn't HTTP (%s); is HF_ENDPOINT right?"
                            .formatted(what, HubNames.show(uri), reason(e)));
        } catch (SSLHandshakeException e) {
            throw new HubException(
                    Reason.REFUSED,
                    "%s can't show who it is (%s); does a proxy stand between, whose certificate Java doesn't trust?"
                            .formatted(HubNames.show(uri), reason(e)),
                    e);
        } catch (SSLException e) {
            throw new TransientException("the encryption broke: " + reason(e), null, e);
        } catch (IOException e) {
            if (begun.get() != null) {
                // Headers and some bytes came, but the end of the connection was noticed first.
                answered.set(true);
                begun.get().body().onError(e);
                return begun.get();
            }
            if (!answered.get() && isConnecting(e)) {
                throw new HubException(
                        Reason.UNREACHABLE,
                        "%s: no connection to %s (%s); is this machine online? HF_HUB_OFFLINE=1 works with what is here, and HF_ENDPOINT names another Hub"
                                .formatted(what, settings.proxies().way(uri), connecting(e)),
                        e);
            }
            throw new TransientException(
                    "no answer from %s (%s)".formatted(HubNames.show(uri), reason(e)), null, e);
        }
    }

    /** Returns whether no connection came about, so that nobody has got a request. */
    private static boolean isConnecting(IOException e) {
        return e instanceof ConnectException // that of an unknown host too
                || e instanceof UnknownHostException
                || e instanceof NoRouteToHostException
                || e instanceof HttpConnectTimeoutException;
    }

    private static String connecting(IOException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException
                    || cause instanceof UnknownHostException) {
                return "nobody knows an address of that name";
            }
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    /** Returns what a failure says, which may repeat what a server sent. */
    private String reason(Exception e) {
        String name = e.getClass().getSimpleName();
        return e.getMessage() == null
                ? name
                : name + ": " + HubNames.printable(settings.withoutSecrets(e.getMessage()));
    }

    /** Takes out of headers what a server has only repeated: they may come into messages. */
    private HttpHeaders withoutSecrets(HttpHeaders headers) {
        Map<String, List<String>> shown = new TreeMap<>();
        headers.map()
                .forEach(
                        (name, values) ->
                                shown.put(
                                        name,
                                        values.stream().map(settings::withoutSecrets).toList()));
        return HttpHeaders.of(shown, (name, value) -> true);
    }

    /** Tells whether an address is the Hub's own, so that the token may go there. */
    private boolean isHub(URI uri) {
        URI hub = settings.endpoint();
        return hub.getScheme().equals(uri.getScheme())
                && hub.getHost().equalsIgnoreCase(uri.getHost())
                && hub.getPort() == uri.getPort();
    }

    /** Returns where a redirect leads, if one may go there. */
    static URI next(URI from, String location, String what) throws HubException {
        URI to = location.isEmpty() ? null : resolve(from, location);
        boolean web =
                to != null
                        && to.getHost() != null
                        && to.getPort() <= HubProxies.LARGEST_PORT
                        && (to.getScheme().equals("https")
                                || to.getScheme().equals(from.getScheme()));
        if (!web) {
            throw new HubException(
                    Reason.REFUSED,
                    "%s: %s redirects to %s, where nothing is asked for: expected an https: address"
                            .formatted(
                                    what,
                                    HubNames.show(from),
                                    location.isEmpty()
                                            ? "nowhere"
                                            : "'" + HubNames.printable(bare(location)) + "'"));
        }
        return to;
    }

    private static URI resolve(URI from, String location) {
        try {
            return from.resolve(location);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static String bare(String location) {
        return location.replaceFirst("[?#].*", "").replaceFirst("//[^/]*@", "//");
    }
}
