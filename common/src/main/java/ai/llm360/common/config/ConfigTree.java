package ai.llm360.common.config;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A configuration before it is a record: a tree of maps, lists and scalars that never changes.
 *
 * <p>Keys are snake_case. Scalars are String, Boolean, Long, Double and null, told apart by YAML
 * 1.2's core schema: {@code 3e-4} is a number and {@code no} is text. A path names a value by the
 * keys and list indices that lead to it: {@code optimizer.groups.0.match}.
 */
public final class ConfigTree {

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create();

    private final Map<String, Object> root;

    private ConfigTree(Map<String, Object> root) {
        this.root = root;
    }

    /**
     * Reads a file of YAML or JSON.
     *
     * @throws ConfigException if it is neither, or no map; the message starts with the file's path
     */
    public static ConfigTree read(Path file) throws IOException {
        try {
            String text = Files.readString(file);
            // JSON may be indented with tabs, YAML may not; no string of JSON holds one.
            return parse(file.toString().endsWith(".json") ? text.replace('\t', ' ') : text);
        } catch (ConfigException e) {
            throw new ConfigException(file + ": " + e.getMessage(), e);
        } catch (CharacterCodingException e) {
            throw new ConfigException(file + ": is not UTF-8 text", e);
        }
    }

    /**
     * Parses YAML, of which JSON is a part.
     *
     * @param text the document; an empty one is an empty map
     * @throws ConfigException if it is neither, or no map
     */
    public static ConfigTree parse(String text) {
        Object value = Yaml.parse(text);
        return new ConfigTree(Values.asMap("the configuration", value == null ? Map.of() : value));
    }

    /**
     * {@return a record, of the types that {@link #bind} knows, as a tree; components that are null
     * or an empty Optional are left out}
     */
    public static ConfigTree of(Record config) {
        return new ConfigTree(RecordReader.read(config));
    }

    /** Makes a tree of what would be parsed: maps, lists and scalars by key. */
    public static ConfigTree of(Map<String, ?> values) {
        return new ConfigTree(Values.asMap("", Values.normal("", values)));
    }

    /**
     * {@return this tree with one value changed or added}
     *
     * @param assignment {@code path=value}, the value as YAML: {@code batch.micro=4} or {@code
     *     optimizer.groups=[{match: '.*norm.*', lr_scale: 1, weight_decay: 0}]}. Maps on the path
     *     that aren't there are made; the index after a list's last element appends
     * @throws ConfigException if it isn't such an assignment, or the path leads through a scalar
     */
    public ConfigTree with(String assignment) {
        int equals = assignment.indexOf('=');
        if (equals <= 0) {
            throw new ConfigException(
                    "'%s' is no assignment; expected one such as batch.micro=4"
                            .formatted(assignment));
        }
        String path = assignment.substring(0, equals).strip();
        try {
            return with(path, Yaml.parse(assignment.substring(equals + 1)));
        } catch (ConfigException e) {
            throw new ConfigException("%s (in '%s')".formatted(e.getMessage(), assignment), e);
        }
    }

    /**
     * {@return this tree with a map, list or scalar changed or added at a path}
     *
     * @throws ConfigException if the path leads through a scalar, or the value is none of these
     */
    public ConfigTree with(String path, Object value) {
        return new ConfigTree(TreePath.put(root, path, Values.normal(path, value)));
    }

    /**
     * {@return this tree with another one's values over its own: maps are merged key by key, while
     * a list or scalar takes the place of what was there}
     */
    public ConfigTree with(ConfigTree other) {
        return new ConfigTree(Values.asMap("", Values.merge(root, other.root)));
    }

    /** {@return this tree without a key at the top, such as one that another record describes} */
    public ConfigTree without(String key) {
        Map<String, Object> rest = new LinkedHashMap<>(root);
        rest.remove(key);
        return new ConfigTree(Collections.unmodifiableMap(rest));
    }

    /** {@return the map, list or scalar at a path; empty where there is nothing, or null} */
    public Optional<Object> get(String path) {
        return Optional.ofNullable(TreePath.get(root, path));
    }

    /**
     * {@return the map at a path as a tree of its own; empty where there is nothing, or null}
     *
     * @throws ConfigException if there is no map, but a list or scalar
     */
    public Optional<ConfigTree> part(String path) {
        return get(path).map(value -> new ConfigTree(Values.asMap(path, value)));
    }

    /**
     * Makes the record that this tree describes.
     *
     * <p>The key of a component {@code rowsPerChunk} is {@code rows_per_chunk}. Components may be
     * String, boolean, int, long, double, enums (as {@code skip-batch} or {@code skip_batch}),
     * records, Optional, List and Map of these, and Object. What is absent, or null, is as in the
     * defaults; a map or list that is given takes the place of the whole default.
     *
     * @param type the record's type
     * @param defaults what counts where the tree says nothing; null, whole or in parts, where there
     *     is no default
     * @param <R> the record's type
     * @throws ConfigException if a key is unknown, a value is missing or of the wrong type, or a
     *     record's constructor refuses it
     */
    public <R extends Record> R bind(Class<R> type, R defaults) {
        return type.cast(RecordBinder.bind("", root, type, defaults));
    }

    /**
     * A value that two trees don't share.
     *
     * @param path where it is
     * @param from what this tree has there, or null
     * @param to what the other tree has there, or null
     */
    public record Difference(String path, Object from, Object to) {

        /** Returns {@code path: from → to}, the values as YAML. */
        @Override
        public String toString() {
            return "%s: %s → %s".formatted(path, Yaml.inline(from), Yaml.inline(to));
        }
    }

    /**
     * {@return the places where two trees differ, in this tree's order; what only the other one has
     * comes last} Numbers are compared by value, and lists as a whole.
     */
    public List<Difference> differences(ConfigTree other) {
        List<Difference> found = new ArrayList<>();
        Values.compare("", root, other.root, found);
        return List.copyOf(found);
    }

    /** Returns the tree as maps, lists and scalars that can't be changed. */
    public Map<String, Object> asMap() {
        return root;
    }

    /** Returns the tree as YAML that {@link #parse} reads back to an equal tree. */
    public String toYaml() {
        return Yaml.write(root);
    }

    /**
     * {@return the tree as JSON}
     *
     * @throws IllegalArgumentException if it holds an infinity or NaN
     */
    public String toJson() {
        return GSON.toJson(root) + "\n";
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ConfigTree tree && root.equals(tree.root);
    }

    @Override
    public int hashCode() {
        return root.hashCode();
    }

    /** Returns {@link #toYaml}. */
    @Override
    public String toString() {
        return toYaml();
    }
}
