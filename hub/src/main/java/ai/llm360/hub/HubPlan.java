package ai.llm360.hub;

import java.util.List;
import java.util.Map;

/**
 * Plans a download.
 *
 * @param repository such as {@code LLM360/Amber}
 * @param revision what was asked for: a branch, a tag or a commit
 * @param commit the commit that this is
 * @param files the files that were asked for
 * @param missing those of them whose bytes aren't in the cache, each content once
 * @param begun how many bytes of those an earlier, broken download has left
 */
public record HubPlan(
        String repository,
        String revision,
        String commit,
        List<HubFile> files,
        List<HubFile> missing,
        Map<HubFile, Long> begun) {

    /** Copies what was given. */
    public HubPlan {
        files = List.copyOf(files);
        missing = List.copyOf(missing);
        begun = Map.copyOf(begun);
    }

    /** {@return the bytes of the wanted files} */
    public long bytes() {
        return files.stream().mapToLong(HubFile::size).sum();
    }

    /** {@return the bytes to download, without those of earlier, broken downloads} */
    public long missingBytes() {
        return missing.stream().mapToLong(this::missingBytes).sum();
    }

    /** {@return the bytes of a missing file that there are to download} */
    public long missingBytes(HubFile file) {
        return file.size() - begun.getOrDefault(file, 0L);
    }
}
