package ai.llm360.common.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Locale;

/**
 * How tokens become text.
 *
 * @param metaspace U+2581 stands for a space
 * @param bytePieces {@code <0x0A>} stands for a byte
 * @param stripsLeadingSpace one space at the beginning of a text is the encoder's, not the text's
 */
record DecodingRule(boolean metaspace, boolean bytePieces, boolean stripsLeadingSpace) {

    private static final DecodingRule NOTHING = new DecodingRule(false, false, false);

    /** Reads the {@code decoder} of a tokenizer.json; another family than LLaMA's is refused. */
    static DecodingRule parse(JsonElement decoder) {
        if (decoder == null || !decoder.isJsonObject()) {
            throw unsupported("none");
        }
        JsonObject object = decoder.getAsJsonObject();
        String type = object.get("type").getAsString();
        return switch (type) {
            case "Sequence" -> {
                DecodingRule rule = NOTHING;
                for (JsonElement step : object.getAsJsonArray("decoders")) {
                    rule = rule.or(parse(step));
                }
                yield rule;
            }
            case "Replace" -> {
                requireText(object, "content", " ");
                requireText(object.getAsJsonObject("pattern"), "String", "\u2581");
                yield new DecodingRule(true, false, false);
            }
            case "ByteFallback" -> new DecodingRule(false, true, false);
            case "Fuse" -> NOTHING;
            case "Strip" -> {
                requireText(object, "content", " ");
                requireText(object, "start", "1");
                requireText(object, "stop", "0");
                yield new DecodingRule(false, false, true);
            }
            case "Metaspace" -> {
                requireText(object, "replacement", "\u2581");
                yield new DecodingRule(true, false, prependsSpace(object));
            }
            default -> throw unsupported(type);
        };
    }

    private static boolean prependsSpace(JsonObject metaspace) {
        JsonElement scheme = metaspace.get("prepend_scheme");
        JsonElement older = metaspace.get("add_prefix_space");
        return scheme != null
                ? !scheme.getAsString().equals("never")
                : older == null || older.getAsBoolean();
    }

    private static void requireText(JsonObject object, String name, String expected) {
        JsonElement actual = object.get(name);
        if (actual == null || !actual.getAsString().equals(expected)) {
            throw unsupported(String.format(Locale.ROOT, "%s = %s", name, actual));
        }
    }

    private DecodingRule or(DecodingRule other) {
        return new DecodingRule(
                metaspace || other.metaspace,
                bytePieces || other.bytePieces,
                stripsLeadingSpace || other.stripsLeadingSpace);
    }

    private static IllegalArgumentException unsupported(String what) {
        return new IllegalArgumentException(
                "decoder not supported: "
                        + what
                        + " (supported are LLaMA's: Replace, ByteFallback, Fuse, Strip,"
                        + " Metaspace)");
    }
}
