package ai.llm360.zoo.tree;

import ai.llm360.io.PlainText;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * A model's {@code metadata.json}, as DJL's repositories have it (version 0.2): one artifact for
 * each checkpoint, the newest first, since DJL takes the first where it isn't told which.
 *
 * <p>The version of an artifact is {@code 1.0.<place>.c<commit>}. The place in the training makes
 * the newest the highest; the commit keeps checkpoints of one name, from different trees, apart in
 * DJL's cache.
 */
public final class TreeMetadata {

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    private static final Map<String, String> ARGUMENTS =
            Collections.unmodifiableMap(
                    new TreeMap<>(
                            Map.of(
                                    "blockFactory", "ai.llm360.zoo.DecoderBlockFactory",
                                    "translatorFactory",
                                            "ai.llm360.zoo.GenerationTranslatorFactory",
                                    "engine", "PyTorch")));

    /** The weights come with the block; DJL is not to look for a .params file. */
    private static final Map<String, String> OPTIONS = Map.of("hasParameter", "false");

    private static final int SHOWN_DIGITS = 12;

    private TreeMetadata() {}

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
            Map<String, Item> files) {}

    private record Item(String uri, String sha1Hash, long size, String name) {}

    /**
     * Writes the file.
     *
     * @param model the model's name
     * @param checkpoints the model's, in the order of training
     * @return its text
     */
    public static String write(String model, List<TreeCheckpoint> checkpoints) {
        List<Artifact> artifacts = new ArrayList<>();
        for (int place = checkpoints.size() - 1; place >= 0; place--) {
            artifacts.add(artifact(place, checkpoints.get(place)));
        }
        Document document =
                new Document(
                        "0.2",
                        "model",
                        "nlp/text_generation",
                        "ai.llm360",
                        model,
                        model,
                        artifacts);
        return GSON.toJson(document) + "\n";
    }

    private static Artifact artifact(int place, TreeCheckpoint checkpoint) {
        String base =
                "%s%s/resolve/%s/"
                        .formatted(TreeLayout.UP, checkpoint.repository(), checkpoint.commit());
        Map<String, Item> files = new LinkedHashMap<>();
        for (TreeFile file : checkpoint.files()) {
            String encoded =
                    URLEncoder.encode(file.path(), StandardCharsets.UTF_8).replace("+", "%20");
            files.put(file.path(), new Item(base + encoded, file.sha1(), file.size(), file.path()));
        }
        return new Artifact(
                "1.0.%d.c%s".formatted(place, checkpoint.commit().substring(0, SHOWN_DIGITS)),
                false,
                checkpoint.name(),
                properties(checkpoint),
                ARGUMENTS,
                OPTIONS,
                files);
    }

    private static Map<String, String> properties(TreeCheckpoint checkpoint) {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("checkpoint", checkpoint.name());
        properties.put("repository", checkpoint.repository());
        properties.put("revision", checkpoint.revision());
        properties.put("commit", checkpoint.commit());
        Standing standing = checkpoint.standing();
        standing.phase().ifPresent(phase -> properties.put("phase", phase));
        standing.step().ifPresent(step -> properties.put("step", Long.toString(step)));
        standing.tokens().ifPresent(tokens -> properties.put("tokens", Long.toString(tokens)));
        standing.loss().ifPresent(loss -> properties.put("loss", Double.toString(loss)));
        return properties;
    }

    /**
     * Reads the file.
     *
     * @param where what an error names
     * @return the checkpoints, in the order of training
     */
    static List<TreeCheckpoint> read(String json, Object where) throws TreeException {
        try {
            List<TreeCheckpoint> checkpoints = new ArrayList<>();
            for (Artifact artifact : GSON.fromJson(json, Document.class).artifacts()) {
                checkpoints.add(0, checkpoint(artifact));
            }
            return checkpoints;
        } catch (JsonParseException | NullPointerException | NumberFormatException e) {
            throw new TreeException(
                    where,
                    "is no list of checkpoints (%s); publish the model anew"
                            .formatted(PlainText.jsonProblem(e)),
                    e);
        }
    }

    private static TreeCheckpoint checkpoint(Artifact artifact) {
        Map<String, String> properties = artifact.properties();
        List<TreeFile> files = new ArrayList<>();
        artifact.files()
                .forEach((path, item) -> files.add(new TreeFile(path, item.size, item.sha1Hash)));
        return new TreeCheckpoint(
                artifact.name(),
                required(properties, "repository"),
                required(properties, "revision"),
                required(properties, "commit"),
                new Standing(
                        Optional.ofNullable(properties.get("phase")),
                        number(properties.get("step")),
                        number(properties.get("tokens")),
                        properties.containsKey("loss")
                                ? OptionalDouble.of(Double.parseDouble(properties.get("loss")))
                                : OptionalDouble.empty()),
                files);
    }

    private static String required(Map<String, String> properties, String name) {
        if (!properties.containsKey(name)) {
            throw new JsonParseException("an artifact lacks the property " + name);
        }
        return properties.get(name);
    }

    private static OptionalLong number(String text) {
        return text == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
    }
}
