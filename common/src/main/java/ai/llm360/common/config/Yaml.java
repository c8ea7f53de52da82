package ai.llm360.common.config;

import ai.llm360.io.internal.PlainText;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.api.DumpSettingsBuilder;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.StreamDataWriter;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/** YAML 1.2 with its core schema: text to values and back. */
final class Yaml {

    private static final int MAX_MESSAGE = 400;

    private Yaml() {}

    /** Parses one document: a map, list or scalar. */
    static Object parse(String text) {
        LoadSettings settings = LoadSettings.builder().setSchema(new CoreSchema()).build();
        try {
            YamlBounds.check(settings, text);
            return Values.normal("", new Load(settings).loadFromString(text));
        } catch (YamlEngineException e) {
            throw new ConfigException("neither YAML nor JSON: " + words(e.getMessage()), e);
        }
    }

    /** The engine's messages quote the document in lines of their own, and keys whole. */
    private static String words(String message) {
        String line = message.strip().replaceAll("\\s+", " ");
        return PlainText.inLine(line.substring(0, Math.min(MAX_MESSAGE, line.length())));
    }

    /** Writes a map, one key a line. */
    static String write(Map<String, Object> map) {
        return write(node(map, FlowStyle.BLOCK));
    }

    /** Writes a value in one line. */
    static String inline(Object value) {
        return write(node(value, FlowStyle.FLOW)).strip();
    }

    private static String write(Node node) {
        DumpSettingsBuilder settings =
                DumpSettings.builder()
                        .setSchema(new CoreSchema())
                        .setIndent(2)
                        .setIndicatorIndent(2)
                        .setIndentWithIndicator(true)
                        .setMultiLineFlow(false)
                        .setSplitLines(false)
                        .setWidth(Integer.MAX_VALUE);
        Text text = new Text();
        new Dump(settings.build()).dumpNode(node, text);
        return text.toString();
    }

    /** The two have the same methods. */
    private static final class Text extends StringWriter implements StreamDataWriter {}

    private static Node node(Object value, FlowStyle style) {
        if (value instanceof Map<?, ?> map) {
            List<NodeTuple> parts =
                    map.entrySet().stream()
                            .map(
                                    entry ->
                                            new NodeTuple(
                                                    node(entry.getKey(), style),
                                                    node(entry.getValue(), style)))
                            .toList();
            return new MappingNode(Tag.MAP, parts, parts.isEmpty() ? FlowStyle.FLOW : style);
        }
        if (value instanceof List<?> list) {
            boolean plain = list.stream().noneMatch(Map.class::isInstance);
            FlowStyle inner = plain ? FlowStyle.FLOW : style;
            return new SequenceNode(
                    Tag.SEQ, list.stream().map(part -> node(part, inner)).toList(), inner);
        }
        return new ScalarNode(tag(value), text(value), ScalarStyle.PLAIN); // quoted where need be
    }

    private static Tag tag(Object value) {
        if (value == null) {
            return Tag.NULL;
        }
        if (value instanceof String) {
            return Tag.STR;
        }
        if (value instanceof Boolean) {
            return Tag.BOOL;
        }
        return value instanceof Long ? Tag.INT : Tag.FLOAT;
    }

    private static String text(Object value) {
        return value instanceof Double number ? text(number.doubleValue()) : String.valueOf(value);
    }

    /** As people write it, and as {@link Double#parseDouble} reads it back: 3.0E-4 is 3e-4. */
    private static String text(double number) {
        if (Double.isNaN(number)) {
            return ".nan";
        }
        if (Double.isInfinite(number)) {
            return number > 0 ? ".inf" : "-.inf";
        }
        return Double.toString(number).replace(".0E", "e").replace('E', 'e');
    }
}
