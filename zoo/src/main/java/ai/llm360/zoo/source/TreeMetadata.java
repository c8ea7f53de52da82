package ai.llm360.zoo.source;

import ai.llm360.io.internal.PlainText;
import ai.llm360.zoo.catalogue.Standing;
import ai.llm360.zoo.djl.MetadataJson;
import com.google.gson.JsonParseException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * A static tree's checkpoints as artifacts of DJL's {@code metadata.json}.
 *
 * <p>The version of an artifact is {@code 1.0.<place>.c<commit>}. The place in the training makes
 * the newest the highest; the commit keeps checkpoints of one name, from different trees, apart in
 * DJL's cache.
 */
public final class TreeMetadata {

    private static final int SHOWN_DIGITS = 12;

    private TreeMetadata() {}

    /**
     * Writes the file.
     *
     * @param checkpoints the model's, in the order of training
     * @param arguments what DJL loads them with
     */
    public static String write(
            String model, List<TreeCheckpoint> checkpoints, Map<String, String> arguments) {
        List<MetadataJson.Entry> entries = new ArrayList<>();
        for (int place = checkpoints.size() - 1; place >= 0; place--) {
            entries.add(entry(place, checkpoints.get(place)));
        }
        return MetadataJson.write(model, entries, arguments);
    }

    private static MetadataJson.Entry entry(int place, TreeCheckpoint checkpoint) {
        String base =
                "%s%s/resolve/%s/"
                        .formatted(TreeLayout.UP, checkpoint.repository(), checkpoint.commit());
        Map<String, MetadataJson.File> files = new LinkedHashMap<>();
        for (TreeFile file : checkpoint.files()) {
            String encoded =
                    URLEncoder.encode(file.path(), StandardCharsets.UTF_8).replace("+", "%20");
            files.put(
                    file.path(),
                    new MetadataJson.File(base + encoded, file.sha1(), file.size(), file.path()));
        }
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("checkpoint", checkpoint.name());
        properties.put("repository", checkpoint.repository());
        properties.put("revision", checkpoint.revision());
        properties.put("commit", checkpoint.commit());
        checkpoint.standing().putInto(properties);
        return new MetadataJson.Entry(
                "1.0.%d.c%s".formatted(place, checkpoint.commit().substring(0, SHOWN_DIGITS)),
                checkpoint.name(),
                properties,
                files);
    }

    /**
     * Reads the file.
     *
     * @param where what an error names
     * @return the checkpoints, in the order of training
     */
    public static List<TreeCheckpoint> read(String json, Object where) throws TreeException {
        try {
            List<TreeCheckpoint> checkpoints = new ArrayList<>();
            for (MetadataJson.Entry artifact : MetadataJson.read(json)) {
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

    private static TreeCheckpoint checkpoint(MetadataJson.Entry artifact) {
        Map<String, String> properties = artifact.properties();
        List<TreeFile> files = new ArrayList<>();
        artifact.files()
                .forEach(
                        (path, file) ->
                                files.add(new TreeFile(path, file.size(), file.sha1Hash())));
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
