package ai.llm360.hub;

import java.nio.file.Path;
import java.util.List;

/**
 * Files of one commit, whole, in the cache.
 *
 * @param repository such as {@code LLM360/Amber}
 * @param commit the commit, 40 hexadecimal digits
 * @param directory where the files lie by their paths; others of the same commit may lie there too
 * @param files the files that were asked for
 */
public record HubSnapshot(String repository, String commit, Path directory, List<HubFile> files) {

    /**
     * {@return where a file lies}
     *
     * @param file one of {@link #files}
     */
    public Path path(HubFile file) {
        return directory.resolve(file.path());
    }
}
