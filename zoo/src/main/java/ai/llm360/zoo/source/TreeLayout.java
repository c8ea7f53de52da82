package ai.llm360.zoo.source;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Names the places in a static tree.
 *
 * @param root the tree's directory
 */
public record TreeLayout(Path root) {

    /** Says that a directory is a tree, and of which version. */
    static final String MARKER = "llm360-tree.json";

    public static final int FORMAT_VERSION = 1;

    private static final String MODELS = "model/nlp/text_generation/ai/llm360/";

    /** From a model's metadata up to the tree. */
    static final String UP = "../".repeat(6);

    /** Returns where DJL looks for a model's metadata, from the tree. */
    static String metadata(String model) {
        return MODELS + model + "/metadata.json";
    }

    public boolean exists() {
        return Files.isRegularFile(marker());
    }

    public Path marker() {
        return root.resolve(MARKER);
    }

    public Path lock() {
        return root.resolve(".lock");
    }

    /** A place on the tree's disk for what isn't whole yet. */
    public Path work() {
        return root.resolve(".work");
    }

    public Path metadataFile(String model) {
        return root.resolve(metadata(model));
    }

    public Path files(String repository, String commit) {
        return root.resolve(repository).resolve("resolve").resolve(commit);
    }

    public Path listing(String repository, String commit) {
        return api(repository).resolve("tree").resolve(commit);
    }

    public Path revision(String repository, String revision) {
        return api(repository).resolve("revision").resolve(revision);
    }

    public Path refs(String repository) {
        return api(repository).resolve("refs");
    }

    private Path api(String repository) {
        return root.resolve("api").resolve("models").resolve(repository);
    }
}
