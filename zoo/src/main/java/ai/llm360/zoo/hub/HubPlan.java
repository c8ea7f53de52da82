package ai.llm360.zoo.hub;

import java.util.List;

/**
 * What a download is going to do.
 *
 * @param repository such as {@code LLM360/Amber}
 * @param revision what was asked for: a branch, a tag or a commit
 * @param commit the commit that this is
 * @param files the files that were asked for
 * @param missing those of them whose bytes aren't in the cache, each content once
 * @param missingBytes how many bytes there are to download, without those of earlier, broken
 *     downloads
 */
public record HubPlan(
        String repository,
        String revision,
        String commit,
        List<HubFile> files,
        List<HubFile> missing,
        long missingBytes) {

    /**
     * Returns the size of what was asked for.
     *
     * @return bytes
     */
    public long bytes() {
        return files.stream().mapToLong(HubFile::size).sum();
    }
}
