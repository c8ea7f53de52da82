package ai.llm360.hub;

import java.util.Optional;

/**
 * A file of a repository at one commit.
 *
 * @param path its path in the repository, with slashes
 * @param size its bytes
 * @param gitHash the SHA-1 that git knows it by, 40 hexadecimal digits; for a file in large-file
 *     storage that is its pointer's
 * @param sha256 the SHA-256 of its bytes, 64 hexadecimal digits, if it is in large-file storage
 */
public record HubFile(String path, long size, Optional<String> gitHash, Optional<String> sha256) {

    /** Checks what a Hub or a cache says of a file. */
    static HubFile of(String path, long size, String gitHash, String sha256) throws HubException {
        if (size < 0) {
            throw new HubException(
                    HubException.Reason.REFUSED,
                    "the repository lists '%s' with %d bytes"
                            .formatted(HubNames.printable(path), size));
        }
        return new HubFile(
                HubNames.path(path),
                size,
                Optional.ofNullable(gitHash == null ? null : HubNames.gitHash(gitHash)),
                Optional.ofNullable(sha256 == null ? null : HubNames.sha256(sha256)));
    }

    /**
     * {@return the hash that decides about the bytes, which is also the name of the blob: the
     * SHA-256, else the git hash; empty for a file that was found in a cache without any list of
     * what belongs there}
     */
    public Optional<String> etag() {
        return sha256.isPresent() ? sha256 : gitHash;
    }
}
