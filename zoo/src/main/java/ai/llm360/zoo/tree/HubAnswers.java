package ai.llm360.zoo.tree;

import ai.llm360.hub.HubFile;
import ai.llm360.hub.HubRef;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What the Hub's API answers, as files: the members that its clients read. */
final class HubAnswers {

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    private HubAnswers() {}

    private record Lfs(String oid, long size) {}

    private record Entry(String type, String oid, long size, Lfs lfs, String path) {}

    private record Revision(String id, String sha) {}

    private record Ref(String name, String ref, String targetCommit) {}

    private record Refs(List<Ref> branches, List<Ref> converts, List<Ref> tags) {}

    /** Returns the list of a commit's files, by path. */
    static byte[] listing(List<HubFile> files) {
        return bytes(
                files.stream()
                        .sorted(Comparator.comparing(HubFile::path))
                        .map(HubAnswers::entry)
                        .toList());
    }

    private static Entry entry(HubFile file) {
        return new Entry(
                "file",
                file.gitHash().orElseThrow(),
                file.size(),
                file.sha256().map(hash -> new Lfs(hash, file.size())).orElse(null),
                file.path());
    }

    /** Returns the commit that a revision stands at. */
    static byte[] revision(String repository, String commit) {
        return bytes(new Revision(repository, commit));
    }

    /** Returns a repository's branches. */
    static byte[] refs(List<HubRef> branches) {
        List<Ref> refs =
                branches.stream()
                        .map(ref -> new Ref(ref.name(), "refs/heads/" + ref.name(), ref.commit()))
                        .toList();
        return bytes(new Refs(refs, List.of(), List.of()));
    }

    /** Reads what {@link #refs} wrote. */
    static List<HubRef> branches(String json, Object where) throws TreeException {
        try {
            List<HubRef> branches = new ArrayList<>();
            for (Ref ref : GSON.fromJson(json, Refs.class).branches()) {
                branches.add(new HubRef(ref.name(), ref.targetCommit(), false));
            }
            return branches;
        } catch (JsonParseException | NullPointerException e) {
            throw new TreeException(
                    where, "is no list of branches; remove it and publish again", e);
        }
    }

    private static byte[] bytes(Object answer) {
        return (GSON.toJson(answer) + "\n").getBytes(StandardCharsets.UTF_8);
    }
}
