package ai.llm360.hub;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/**
 * A commit on the Hub as a directory that can be read, without being downloaded.
 *
 * <p>Files that the cache has are read from there. Of others, one that is read through a {@link
 * java.nio.channels.FileChannel} is asked for by ranges, each of which must be of the file that the
 * Hub lists; one that is read in one go ({@link java.nio.file.Files#readString} and such) comes
 * whole, is checked by its hash and stays in memory. Nothing is written to the cache but the list
 * of the commit's files. May be used from several threads at once.
 */
public final class RemoteSnapshot {

    private final RemoteFiles files;

    RemoteSnapshot(RemoteFiles files) {
        this.files = files;
    }

    /** {@return the address of the Hub that it is on} */
    public URI endpoint() {
        return files.endpoint();
    }

    /** {@return the repository, such as {@code LLM360/Amber}} */
    public String repository() {
        return files.repository();
    }

    /** {@return the commit, 40 hexadecimal digits} */
    public String commit() {
        return files.commit();
    }

    /** {@return all files of the commit} */
    public List<HubFile> files() {
        return files.files();
    }

    /**
     * Returns the directory: a path of a file system of its own, which can be listed and read, and
     * nothing else. A path of it is written {@code hf://LLM360/Amber@<commit>/config.json}.
     *
     * @return the root
     */
    public Path root() {
        return files.root();
    }

    /**
     * {@return the number of bytes that have come from the network for this snapshot: its list of
     * files, and all that was read of them since, headers of HTTP aside}
     */
    public long transferred() {
        return files.received();
    }
}
