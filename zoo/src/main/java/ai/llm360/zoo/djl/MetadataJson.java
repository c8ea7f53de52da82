package ai.llm360.zoo.djl;

import ai.djl.Application;
import ai.djl.repository.MRL;
import ai.djl.repository.Metadata;
import ai.djl.repository.Repository;
import ai.djl.util.JsonUtils;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Reads and writes a model's {@code metadata.json}, as DJL's repositories have it (version 0.2):
 * one artifact for each checkpoint, the newest first, since DJL takes the first where it isn't told
 * which. In a repository it lies at {@code model/nlp/text_generation/ai/llm360/<model>/}.
 */
public final class MetadataJson {

    /** The group that all models belong to. */
    public static final String GROUP = "ai.llm360";

    /** Names the place of a group's models below a repository's root. */
    public static final Application APPLICATION = Application.NLP.TEXT_GENERATION;

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    /** The weights come with the block; DJL is not to look for a .params file. */
    private static final Map<String, String> OPTIONS = Map.of("hasParameter", "false");

    private MetadataJson() {}

    /**
     * A file of a checkpoint.
     *
     * @param uri where it is: absolute, or relative to the directory of the metadata
     * @param sha1Hash the SHA-1 of its bytes; null where it isn't known
     * @param size its size in bytes
     * @param name its name in the checkpoint's directory
     */
    public record File(String uri, String sha1Hash, long size, String name) {}

    /**
     * A checkpoint.
     *
     * @param version of its artifact, such as {@code 1.0}
     * @param name its name, which is also the property {@code checkpoint}
     * @param properties what DJL's filters may ask for
     * @param files its files by name, where they are known
     */
    public record Entry(
            String version, String name, Map<String, String> properties, Map<String, File> files) {}

    /** The file; the names are DJL's. */
    private record Document(
            String metadataVersion,
            String resourceType,
            String application,
            String groupId,
            String artifactId,
            String name,
            List<Artifact> artifacts) {}

    private record Artifact(
            String version,
            boolean snapshot,
            String name,
            Map<String, String> properties,
            Map<String, String> arguments,
            Map<String, String> options,
            Map<String, File> files) {}

    /**
     * Writes the file.
     *
     * @param entries its checkpoints; the first is what DJL takes where no filter chooses
     * @param arguments what DJL loads them with
     */
    public static String write(String model, List<Entry> entries, Map<String, String> arguments) {
        List<Artifact> artifacts =
                entries.stream()
                        .map(
                                one ->
                                        new Artifact(
                                                one.version(),
                                                false,
                                                one.name(),
                                                one.properties(),
                                                arguments,
                                                OPTIONS,
                                                one.files()))
                        .toList();
        return GSON.toJson(
                        new Document(
                                "0.2",
                                "model",
                                APPLICATION.getPath(),
                                GROUP,
                                model,
                                model,
                                artifacts))
                + "\n";
    }

    /**
     * Reads the file.
     *
     * @return its checkpoints, in its order
     * @throws JsonParseException if it is no such file
     */
    public static List<Entry> read(String json) {
        Document document = GSON.fromJson(json, Document.class);
        if (document == null || document.artifacts() == null) {
            throw new JsonParseException("there are no artifacts");
        }
        return document.artifacts().stream()
                .map(
                        one ->
                                new Entry(
                                        one.version(),
                                        one.name(),
                                        Objects.requireNonNullElse(one.properties(), Map.of()),
                                        Objects.requireNonNullElse(one.files(), Map.of())))
                .toList();
    }

    /**
     * Reads the file as DJL does.
     *
     * @return the metadata
     */
    public static Metadata toDjl(String json) {
        return JsonUtils.GSON.fromJson(json, Metadata.class);
    }

    /**
     * {@return the directory of a model's {@code metadata.json} below the root of a DJL repository,
     * with a slash at its end}
     */
    public static String directory(String model) {
        Repository none = null; // the place depends on the names alone
        return MRL.model(none, APPLICATION, GROUP, model, null, null).toURI().toString();
    }
}
