package ai.llm360.hub;

import java.io.Closeable;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A successful response, and what the Hub said on the way to it.
 *
 * @param uri the address that answered, after redirects
 * @param status 200, or 206 for a range
 * @param headers the last host's headers
 * @param said the Hub's own headers about the file, collected over its redirects; empty where the
 *     Hub's host isn't the one that answered
 * @param body the bytes
 */
record HubResponse(URI uri, int status, HttpHeaders headers, Said said, BodyStream body)
        implements Closeable {

    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/(\\d+|\\*)");

    /** The Hub's own headers of a file; a mirror or a test may leave any of them out. */
    static final class Said {

        private final Map<String, String> values = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

        void hear(HttpHeaders headers) {
            for (String name : new String[] {"X-Repo-Commit", "X-Linked-Etag", "X-Linked-Size"}) {
                headers.firstValue(name).ifPresent(value -> values.put(name, value));
            }
        }

        Optional<String> commit() {
            return Optional.ofNullable(values.get("X-Repo-Commit"));
        }

        Optional<String> etag() {
            return Optional.ofNullable(values.get("X-Linked-Etag")).map(HubResponse::bare);
        }

        OptionalLong size() {
            return number(values.get("X-Linked-Size"));
        }
    }

    /** The bytes that a 206 carries: first, last, and the whole size where it is known. */
    record ContentRange(long first, long last, OptionalLong size) {}

    Optional<ContentRange> range() {
        Matcher matcher = CONTENT_RANGE.matcher(headers.firstValue("Content-Range").orElse(""));
        if (!matcher.matches()) {
            return Optional.empty();
        }
        OptionalLong first = number(matcher.group(1));
        OptionalLong last = number(matcher.group(2));
        return first.isEmpty() || last.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new ContentRange(
                                first.getAsLong(), last.getAsLong(), number(matcher.group(3))));
    }

    Optional<String> etag() {
        return headers.firstValue("ETag").map(HubResponse::bare);
    }

    OptionalLong length() {
        return number(headers.firstValue("Content-Length").orElse(null));
    }

    private static OptionalLong number(String text) {
        return text != null && text.matches("\\d{1,18}")
                ? OptionalLong.of(Long.parseLong(text))
                : OptionalLong.empty();
    }

    private static String bare(String etag) {
        return etag.replaceFirst("^W/", "").replaceAll("^\"|\"$", "");
    }

    @Override
    public void close() {
        body.close();
    }
}
