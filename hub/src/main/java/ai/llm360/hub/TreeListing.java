package ai.llm360.hub;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The list of a commit's files as {@code huggingface_hub} 1.x keeps it, so that either side knows
 * without a connection whether a snapshot has everything.
 */
final class TreeListing {

    private static final int VERSION = 1;
    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    private TreeListing() {}

    private record Document(Integer format_version, Map<String, Entry> files) {}

    private record Entry(Long size, String blob_id, String lfs_sha256, Long lfs_size) {}

    static String write(List<HubFile> files) {
        Map<String, Entry> entries = new TreeMap<>();
        for (HubFile file : files) {
            entries.put(
                    file.path(),
                    new Entry(
                            file.size(),
                            file.gitHash().orElseThrow(),
                            file.sha256().orElse(null),
                            file.sha256().isPresent() ? file.size() : null));
        }
        return GSON.toJson(new Document(VERSION, entries));
    }

    /** Reads a list; one of another version, or a damaged one, counts as none. */
    static Optional<List<HubFile>> read(String json) {
        try {
            Document document = GSON.fromJson(json, Document.class);
            if (document == null || document.format_version() != VERSION) {
                return Optional.empty();
            }
            List<HubFile> files = new ArrayList<>();
            for (Map.Entry<String, Entry> file : document.files().entrySet()) {
                Entry entry = file.getValue();
                files.add(
                        HubFile.of(
                                file.getKey(), entry.size(), entry.blob_id(), entry.lfs_sha256()));
            }
            return Optional.of(List.copyOf(files));
        } catch (JsonParseException | NullPointerException | HubException e) {
            return Optional.empty();
        }
    }
}
