package ai.llm360.common.tokenizer;

import ai.llm360.common.tokenizer.TextForm.Prefix;
import ai.llm360.common.tokenizer.TextForm.Spaces;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads a tokenizer.json's normalizer and pre-tokenizer as a {@link TextForm}, where they are. */
final class TextForms {

    private static final JsonElement LLAMA =
            JsonParser.parseString(
                    """
                    {"type": "Sequence", "normalizers": [
                        {"type": "Prepend", "prepend": "\u2581"},
                        {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]}
                    """);

    private TextForms() {}

    /** Returns LLaMA's normalizer, which marks spaces and puts one before each text. */
    static JsonObject llama() {
        return LLAMA.getAsJsonObject().deepCopy();
    }

    /** Returns the form, or empty if it is none that is computed in Java. */
    static Optional<TextForm> of(JsonElement normalizer, JsonElement preTokenizer) {
        boolean plain = JsonPart.isNull(normalizer);
        if (JsonPart.isNull(preTokenizer)) {
            return LLAMA.equals(normalizer)
                    ? Optional.of(form(Spaces.MARKED_EARLY, Prefix.ALWAYS, false))
                    : Optional.empty();
        }
        JsonPart part = new JsonPart("pre_tokenizer", preTokenizer);
        if (!plain) {
            return Optional.empty();
        }
        return switch (part.type()) {
            case "Metaspace" -> metaspace(part);
            case "ByteLevel" -> byteLevel(part, Optional.empty());
            case "Sequence" -> {
                List<JsonPart> parts = part.parts("pretokenizers");
                boolean two =
                        parts.size() == 2
                                && parts.get(0).type().equals("Split")
                                && parts.get(1).type().equals("ByteLevel");
                Optional<WordPattern> pattern = two ? words(parts.get(0)) : Optional.empty();
                yield pattern.isPresent() ? byteLevel(parts.get(1), pattern) : Optional.empty();
            }
            default -> Optional.empty();
        };
    }

    private static TextForm form(Spaces spaces, Prefix prefix, boolean cuts) {
        return new TextForm(spaces, prefix, false, cuts, Optional.empty());
    }

    static Optional<TextForm> metaspace(JsonPart part) {
        boolean older = part.flag("add_prefix_space", true);
        String scheme = part.optText("prepend_scheme").orElse(older ? "always" : "never");
        String replacement = part.text("replacement");
        boolean split = part.flag("split", true);
        String spelled = part.optText("str_rep").orElse(replacement);
        part.end();
        if (!Set.of("always", "never", "first").contains(scheme)) {
            throw part.unsupported("prepend_scheme '" + scheme + "'", "always, never, first");
        }
        if (!replacement.equals("\u2581") || !spelled.equals(replacement)) {
            throw part.unsupported("replacement '" + replacement + "'", "'\u2581'");
        }
        Prefix prefix =
                switch (scheme) {
                    case "always" -> Prefix.UNLESS_THERE;
                    case "first" -> Prefix.FIRST_UNLESS_THERE;
                    default -> Prefix.NEVER;
                };
        return Optional.of(form(Spaces.MARKED, prefix, split));
    }

    static Optional<TextForm> byteLevel(JsonPart part, Optional<WordPattern> words) {
        boolean prefix = part.flag("add_prefix_space", true);
        boolean own = part.flag("use_regex", true);
        part.flag("trim_offsets", true);
        part.end();
        if (words.isPresent() && (own || prefix)) {
            return Optional.empty(); // each word would be cut again, or get a space
        }
        return Optional.of(
                new TextForm(
                        Spaces.PLAIN,
                        prefix ? Prefix.UNLESS_THERE : Prefix.NEVER,
                        false,
                        false,
                        own ? Optional.of(WordPattern.GPT2) : words));
    }

    private static Optional<WordPattern> words(JsonPart split) {
        JsonPart pattern = new JsonPart("pre_tokenizer.pattern", split.element("pattern"));
        boolean isolates =
                split.text("behavior").equals("Isolated") && !split.flag("invert", false);
        split.end();
        Optional<String> regex = pattern.optText("Regex");
        return isolates ? regex.flatMap(WordPattern::of) : Optional.empty();
    }
}
