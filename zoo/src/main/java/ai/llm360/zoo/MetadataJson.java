package ai.llm360.zoo;

import ai.djl.Application;
import ai.djl.repository.Artifact;
import ai.djl.repository.MRL;
import ai.djl.repository.Metadata;
import ai.djl.repository.Repository;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model's checkpoints in DJL's words: metadata of version 0.2, with an artifact for each. In a
 * repository of DJL's the text lies at {@code model/nlp/text_generation/ai/llm360/<model>/} as
 * {@code metadata.json}.
 */
public final class MetadataJson {

    /** The group that all models belong to. */
    public static final String GROUP = "ai.llm360";

    /** Where DJL looks for a group's models, below a repository's root. */
    static final Application APPLICATION = Application.NLP.TEXT_GENERATION;

    private static final String VERSION = "1.0.0";

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    private MetadataJson() {}

    /**
     * A file of a checkpoint.
     *
     * @param name its name in the checkpoint's directory
     * @param uri where it is: absolute, or relative to the directory of the metadata
     * @param size its size in bytes
     */
    public record File(String name, String uri, long size) {}

    /**
     * A checkpoint.
     *
     * @param checkpoint its name, which becomes the artifact's, and the property {@code checkpoint}
     * @param properties what else DJL's filters may ask for
     * @param files its files, where they are known
     */
    public record Entry(String checkpoint, Map<String, String> properties, List<File> files) {}

    /**
     * Makes DJL's metadata of a model.
     *
     * @param model the model's name
     * @param entries its checkpoints; the first is what DJL takes where no filter chooses
     * @return the metadata
     */
    public static Metadata of(String model, List<Entry> entries) {
        Metadata metadata = new Metadata();
        metadata.setMetadataVersion("0.2");
        metadata.setResourceType("model");
        metadata.setApplication(APPLICATION);
        metadata.setGroupId(GROUP);
        metadata.setArtifactId(model);
        metadata.setName(model);
        metadata.setArtifacts(entries.stream().map(MetadataJson::artifact).toList());
        return metadata;
    }

    private static Artifact artifact(Entry entry) {
        Artifact artifact = new Artifact();
        artifact.setVersion(VERSION);
        artifact.setName(entry.checkpoint());
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("checkpoint", entry.checkpoint());
        properties.putAll(entry.properties());
        artifact.setProperties(properties);
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("blockFactory", DecoderBlockFactory.class.getName());
        arguments.put("translatorFactory", GenerationTranslatorFactory.class.getName());
        arguments.put("engine", "PyTorch");
        artifact.setArguments(arguments);
        // The weights come with the block; DJL is not to look for a .params file.
        artifact.setOptions(new HashMap<>(Map.of("hasParameter", "false")));
        Map<String, Artifact.Item> files = new LinkedHashMap<>();
        for (File file : entry.files()) {
            Artifact.Item item = new Artifact.Item();
            item.setName(file.name());
            item.setUri(file.uri());
            item.setSize(file.size());
            files.put(file.name(), item);
        }
        artifact.setFiles(files);
        return artifact;
    }

    /**
     * Writes metadata as {@code metadata.json} has it.
     *
     * @param metadata such as {@link #of} makes
     * @return JSON
     */
    public static String write(Metadata metadata) {
        return GSON.toJson(metadata) + "\n";
    }

    /**
     * Returns where a DJL repository has a model's {@code metadata.json}.
     *
     * @param model the model's name
     * @return the directory below the repository's root, with a slash at its end
     */
    public static String directory(String model) {
        Repository none = null; // the place depends on the names alone
        return MRL.model(none, APPLICATION, GROUP, model, null, null).toURI().toString();
    }
}
