package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Explains an unsuccessful status, and says what to do about it. */
final class StatusFailure {

    /** The Hub's header for remaining requests (r) and the window's end (t, seconds). */
    private static final Pattern RATE_LIMIT = Pattern.compile(".*;\\s*r=0;\\s*t=(\\d{1,6}).*");

    private static final int LONGEST_LIMIT = 200;

    private StatusFailure() {}

    static IOException of(
            int status,
            HttpHeaders headers,
            URI uri,
            boolean fromHub,
            HubSettings settings,
            String what) {
        if (status == 408 || status == 429 || status >= 500) {
            return new TransientException(
                    "HTTP %d from %s".formatted(status, HubNames.show(uri)),
                    retryAfter(status, headers).orElse(null),
                    null);
        }
        if (status == 407) {
            return new HubException(
                    Reason.NO_ACCESS,
                    what
                            + ": the proxy asks for a login (HTTP 407); "
                            + (settings.proxies().login(uri).isEmpty()
                                    ? "write it into HTTPS_PROXY, or HTTP_PROXY for an http:"
                                            + " address, as http://user:password@host:port"
                                    : uri.getScheme().equals("https")
                                            ? "check the one in HTTPS_PROXY; Java sends none on the"
                                                  + " way to an https: address unless it is started"
                                                  + " with"
                                                  + " -Djdk.http.auth.tunneling.disabledSchemes="
                                            : "it doesn't take the one in HTTP_PROXY"));
        }
        if (!fromHub && (status == 401 || status == 403)) {
            // A signed address that has run out: the next try begins at the Hub, which signs anew.
            return new TransientException("HTTP %d from %s".formatted(status, HubNames.show(uri)));
        }
        String code = headers.firstValue("X-Error-Code").orElse("");
        String said =
                headers.firstValue("X-Error-Message")
                        .map(text -> " (\"" + HubNames.printable(text) + "\")")
                        .orElse("");
        boolean known = settings.token().isPresent();
        return switch (status) {
            case 401 ->
                    new HubException(
                            known ? Reason.NO_ACCESS : Reason.NOT_FOUND,
                            "%s: HTTP 401%s: %s"
                                    .formatted(
                                            what,
                                            said,
                                            known
                                                    ? "the Hub doesn't take the token; put a valid"
                                                            + " one into HF_TOKEN"
                                                    : "there is no such repository, or it asks for a login: check the name, or put a token from %s/settings/tokens into HF_TOKEN"
                                                            .formatted(settings.endpoint())));
            case 403 ->
                    new HubException(
                            Reason.NO_ACCESS,
                            "%s: HTTP 403%s: %s"
                                    .formatted(
                                            what,
                                            said,
                                            code.equals("GatedRepo")
                                                    ? "ask for access on the repository's page at %s, then put a token of that account into HF_TOKEN"
                                                            .formatted(settings.endpoint())
                                                    : "the account may not read it: check the token"
                                                            + " in HF_TOKEN and its permissions"));
            case 404 ->
                    new HubException(
                            Reason.NOT_FOUND,
                            "%s: HTTP 404%s: %s".formatted(what, said, missing(code)));
            default ->
                    new HubException(
                            Reason.REFUSED,
                            "%s: HTTP %d%s from %s"
                                    .formatted(what, status, said, HubNames.show(uri)));
        };
    }

    private static String missing(String code) {
        return switch (code) {
            case "RevisionNotFound" -> "the repository has no such branch, tag or commit";
            case "EntryNotFound" -> "there is no such file at that commit";
            default -> "there is no such repository; check its name, and HF_ENDPOINT";
        };
    }

    /** Returns how long a server asks to wait: in seconds, as a date, or in the Hub's own way. */
    private static Optional<Duration> retryAfter(int status, HttpHeaders headers) {
        String text = headers.firstValue("Retry-After").orElse("").strip();
        if (text.matches("\\d{1,6}")) {
            return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
        }
        Optional<Instant> until = date(text);
        if (until.isPresent()) {
            // By the server's clock where it tells it: ours may be wrong.
            Instant now =
                    headers.firstValue("Date").flatMap(StatusFailure::date).orElse(Instant.now());
            Duration wait = Duration.between(now, until.get());
            return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
        }
        String limits = headers.firstValue("RateLimit").orElse("");
        Matcher limit = RATE_LIMIT.matcher(limits.length() <= LONGEST_LIMIT ? limits : "");
        return status == 429 && limit.matches()
                ? Optional.of(Duration.ofSeconds(Long.parseLong(limit.group(1))))
                : Optional.empty();
    }

    private static Optional<Instant> date(String text) {
        try {
            return Optional.of(
                    ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
