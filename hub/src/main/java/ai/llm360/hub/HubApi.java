package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The questions that the Hub answers in JSON. */
record HubApi(HubHttp http, Sleeper sleeper) {

    /** A list of files has about 300 bytes a file, and a page of it 1000 files. */
    private static final int LARGEST_ANSWER = 16 << 20;

    /** Far more than a model has: nobody's list may fill the memory. */
    private static final int MOST_FILES = 100_000;

    private static final int MOST_PAGES = 1_000;

    private static final Pattern NEXT = Pattern.compile("<([^>]*)>\\s*;\\s*rel=\"?next\"?");

    /** Returns the commit that a revision stands at. */
    String commit(String repository, String revision) throws IOException {
        String what = repository + "@" + revision;
        URI uri = address(repository, "/revision/" + HubNames.encode(revision));
        return answer(uri, what, json -> HubNames.gitHash(text(json.getAsJsonObject(), "sha")))
                .value();
    }

    /** Returns the branches and then the tags of a repository. */
    List<HubRef> refs(String repository) throws IOException {
        return answer(
                        address(repository, "/refs"),
                        "the branches of " + repository,
                        json -> {
                            List<HubRef> refs = new ArrayList<>();
                            addRefs(json.getAsJsonObject(), "branches", false, refs);
                            addRefs(json.getAsJsonObject(), "tags", true, refs);
                            return List.copyOf(refs);
                        })
                .value();
    }

    private static void addRefs(JsonObject json, String kind, boolean tag, List<HubRef> refs)
            throws IOException {
        JsonArray all = json.has(kind) ? json.getAsJsonArray(kind) : new JsonArray();
        for (JsonElement ref : all) {
            JsonObject object = ref.getAsJsonObject();
            refs.add(
                    new HubRef(
                            HubNames.revision(text(object, "name")),
                            HubNames.gitHash(text(object, "targetCommit")),
                            tag));
        }
    }

    /** Returns all files of a commit, over as many pages as the Hub makes of them. */
    List<HubFile> files(String repository, String commit) throws IOException {
        String what = "the files of " + repository + "@" + commit;
        List<HubFile> files = new ArrayList<>();
        Set<String> paths = new HashSet<>();
        Set<URI> asked = new HashSet<>();
        URI page = address(repository, "/tree/" + commit + "?recursive=true");
        while (page != null) {
            if (!asked.add(page)) {
                throw new HubException(
                        Reason.REFUSED, what + ": the Hub's list goes round in a circle of pages");
            }
            Answer<List<HubFile>> answer = answer(page, what, HubApi::page);
            if (asked.size() > MOST_PAGES || files.size() + answer.value().size() > MOST_FILES) {
                throw new HubException(
                        Reason.REFUSED,
                        "%s: the list from %s goes on beyond %d pages or %d files; is HF_ENDPOINT right?"
                                .formatted(what, HubNames.show(page), MOST_PAGES, MOST_FILES));
            }
            for (HubFile file : answer.value()) {
                if (!paths.add(file.path())) {
                    throw new HubException(
                            Reason.REFUSED,
                            "%s: the Hub lists '%s' twice".formatted(what, file.path()));
                }
                files.add(file);
            }
            Optional<String> next = next(answer.headers());
            page = next.isEmpty() ? null : HubHttp.next(page, next.get(), what);
        }
        return List.copyOf(files);
    }

    private static List<HubFile> page(JsonElement json) throws IOException {
        List<HubFile> files = new ArrayList<>();
        for (JsonElement element : json.getAsJsonArray()) {
            JsonObject entry = element.getAsJsonObject();
            if (!text(entry, "type").equals("file")) {
                continue;
            }
            JsonObject lfs = entry.has("lfs") ? entry.getAsJsonObject("lfs") : null;
            files.add(
                    HubFile.of(
                            text(entry, "path"),
                            size(lfs == null ? entry : lfs),
                            text(entry, "oid"),
                            lfs == null ? null : text(lfs, "oid")));
        }
        return files;
    }

    /** Returns JSON that lies beside the API, with its members in their order. */
    String json(String path) throws IOException {
        URI uri = URI.create(http.settings().endpoint() + "/" + HubNames.encodePath(path));
        return answer(uri, HubNames.show(uri), JsonElement::toString).value();
    }

    private static long size(JsonObject object) {
        String size = text(object, "size");
        if (!size.matches("\\d{1,18}")) {
            throw new JsonParseException("\"size\" is " + size);
        }
        return Long.parseLong(size);
    }

    private static String text(JsonObject object, String name) {
        JsonElement value = object.get(name);
        if (value == null) {
            throw new JsonParseException("no \"" + name + "\"");
        }
        return value.getAsString();
    }

    private static Optional<String> next(HttpHeaders headers) {
        for (String link : headers.allValues("Link")) {
            Matcher matcher = NEXT.matcher(link);
            if (matcher.find()) {
                return Optional.of(matcher.group(1));
            }
        }
        return Optional.empty();
    }

    private URI address(String repository, String rest) {
        return URI.create(http.settings().endpoint() + "/api/models/" + repository + rest);
    }

    private interface Reading<T> {
        T read(JsonElement json) throws IOException;
    }

    private record Answer<T>(HttpHeaders headers, T value) {}

    private <T> Answer<T> answer(URI uri, String what, Reading<T> reading) throws IOException {
        return new RetryPolicy(sleeper, what)
                .until(
                        () -> {
                            try (HubResponse response = http.get(uri, what)) {
                                byte[] bytes = response.body().readNBytes(LARGEST_ANSWER + 1);
                                if (bytes.length > LARGEST_ANSWER) {
                                    throw new HubException(
                                            Reason.REFUSED,
                                            "%s: %s answers with more than %d bytes; is HF_ENDPOINT right?"
                                                    .formatted(
                                                            what,
                                                            HubNames.show(uri),
                                                            LARGEST_ANSWER));
                                }
                                return new Answer<>(
                                        response.headers(), parse(bytes, uri, what, reading));
                            }
                        });
    }

    private <T> T parse(byte[] bytes, URI uri, String what, Reading<T> reading) throws IOException {
        try {
            String text = new String(bytes, StandardCharsets.UTF_8);
            return reading.read(JsonParser.parseString(http.settings().withoutSecrets(text)));
        } catch (JsonParseException
                | IllegalStateException
                | ClassCastException
                | NullPointerException
                | UnsupportedOperationException
                | NumberFormatException e) {
            throw new HubException(
                    Reason.REFUSED,
                    "%s: what %s answers isn't the Hub's JSON (%s); is HF_ENDPOINT right?"
                            .formatted(
                                    what,
                                    HubNames.show(uri),
                                    HubNames.printable("" + e.getMessage())),
                    e);
        }
    }
}
