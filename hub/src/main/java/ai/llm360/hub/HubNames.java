package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** Checks names that become parts of an address and of a path in the cache. */
final class HubNames {

    /** The Hub's rule, by huggingface_hub's {@code validate_repo_id}. */
    private static final Pattern REPOSITORY =
            Pattern.compile("(?=.{1,96}$)([\\w.-]+/)?\\w(?:[\\w.-]*\\w)?");

    private static final Pattern GIT_HASH = Pattern.compile("[0-9a-f]{40}");
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final int LONGEST_SEGMENT = 255;

    private HubNames() {}

    /** Returns a repository's name if it is one. */
    static String repository(String name) throws HubException {
        if (!isRepository(name)) {
            throw new HubException(
                    Reason.REFUSED,
                    "'%s' is no repository's name: expected one such as LLM360/Amber"
                            .formatted(printable(name)));
        }
        return name;
    }

    static boolean isRepository(String name) {
        return REPOSITORY.matcher(name).matches()
                && !name.startsWith(".")
                && !name.startsWith("-")
                && !name.contains("--")
                && !name.contains("..")
                && !name.endsWith(".git");
    }

    /** Returns a branch, a tag or a commit if it can be one. */
    static String revision(String name) throws HubException {
        if (problem(name) != null) {
            throw new HubException(
                    Reason.REFUSED,
                    "'%s' is no revision (%s): expected a branch, a tag or a commit, such as ckpt_200"
                            .formatted(printable(name), problem(name)));
        }
        return name;
    }

    /** Returns a file's path in its repository if it stays below where it is put. */
    static String path(String path) throws HubException {
        if (problem(path) != null) {
            throw new HubException(
                    Reason.REFUSED,
                    "the repository lists a file '%s', which is refused: %s"
                            .formatted(printable(path), problem(path)));
        }
        return path;
    }

    /** Returns a commit, or another object's SHA-1 in git, if it is one. */
    static String gitHash(String hash) throws HubException {
        return matching(GIT_HASH, hash, "a SHA-1 of 40 hexadecimal digits");
    }

    static String sha256(String hash) throws HubException {
        return matching(SHA256, hash, "a SHA-256 of 64 hexadecimal digits");
    }

    static boolean isGitHash(String text) {
        return GIT_HASH.matcher(text).matches();
    }

    static boolean isSha256(String text) {
        return SHA256.matcher(text).matches();
    }

    private static String matching(Pattern pattern, String hash, String what) throws HubException {
        if (!pattern.matcher(hash).matches()) {
            throw new HubException(
                    Reason.REFUSED,
                    "the Hub says '%s'; expected %s".formatted(printable(hash), what));
        }
        return hash;
    }

    private static String problem(String path) {
        if (path.isEmpty()) {
            return "it is empty";
        }
        // A backslash and a colon have a meaning on Windows, and caches travel between systems.
        if (path.chars().anyMatch(c -> c < ' ' || c == 0x7f || c == '\\' || c == ':')) {
            return "it holds a control character, a backslash or a colon";
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(path)) {
            return "it holds half a character";
        }
        for (String segment : path.split("/", -1)) {
            if (segment.isEmpty()) {
                return "it starts or ends with a slash, or has two in a row";
            }
            if (segment.equals(".") || segment.equals("..")) {
                return "it holds '" + segment + "'";
            }
            if (segment.getBytes(StandardCharsets.UTF_8).length > LONGEST_SEGMENT) {
                return "a part of it is longer than " + LONGEST_SEGMENT + " bytes";
            }
        }
        return null;
    }

    /** Encodes a path for an address, its slashes kept. */
    static String encodePath(String path) {
        return encode(path).replace("%2F", "/");
    }

    /** Encodes a text for an address, slashes and all. */
    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Writes an address without its query, which may be a signature, and without a login. */
    static String show(URI uri) {
        return uri.getScheme() + "://" + host(uri) + printable(uri.getRawPath());
    }

    /** Writes an address' host and port. */
    static String host(URI uri) {
        return uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
    }

    /** Makes a foreign text fit for a message. */
    static String printable(String text) {
        String shown = text.replaceAll("\\p{Cntrl}", "?");
        return shown.length() <= 120 ? shown : shown.substring(0, 120) + "…";
    }
}
