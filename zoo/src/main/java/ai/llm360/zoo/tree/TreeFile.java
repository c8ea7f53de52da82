package ai.llm360.zoo.tree;

import java.util.List;

/**
 * A file of a checkpoint in a static tree.
 *
 * @param path its path in the checkpoint, with slashes
 * @param size its bytes
 * @param sha1 the SHA-1 of its bytes, which is the hash that DJL knows, in hexadecimal
 */
public record TreeFile(String path, long size, String sha1) {

    /** DJL downloads files into one directory; what lies deeper no model is loaded from. */
    static List<TreeFile> loadable(List<HashedFile> files) {
        return files.stream()
                .filter(file -> !file.listed().path().contains("/"))
                .map(file -> new TreeFile(file.listed().path(), file.listed().size(), file.sha1()))
                .toList();
    }
}
