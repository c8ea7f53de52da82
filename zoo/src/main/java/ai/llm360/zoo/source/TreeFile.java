package ai.llm360.zoo.source;

/**
 * A file of a checkpoint in a static tree.
 *
 * @param path its path in the checkpoint, with slashes
 * @param size its bytes
 * @param sha1 the SHA-1 of its bytes, which is the hash that DJL knows, in hexadecimal
 */
public record TreeFile(String path, long size, String sha1) {}
