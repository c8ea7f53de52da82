package ai.llm360.common.tokenizer;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Writes the file that Hugging Face's library reads, of components that are listed here with all of
 * their fields. The library aborts the process on some values that it reads, so it sees none that
 * isn't known to be harmless, and no regular expression but published ones.
 */
final class LibraryJson {

    private static final Gson GSON = new Gson();
    private static final String NORMALIZERS = "NFC, NFD, NFKC, NFKD, Lowercase, Prepend, Replace";
    private static final String PRE_TOKENIZERS =
            "ByteLevel, Metaspace, Split, Digits, Punctuation, Whitespace, WhitespaceSplit";
    private static final Set<String> BEHAVIORS =
            Set.of("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous");

    /** Of tokenizers that were published, beside those of {@link WordPattern}. */
    private static final Set<String> REGEXES =
            Set.of(
                    "\\p{N}{1,3}",
                    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*"
                            + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
                            + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
                            + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
                            + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*"
                            + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");

    private LibraryJson() {}

    /** Checks that the components, and all fields of them, are listed. */
    static void check(JsonElement normalizer, JsonElement preTokenizer) {
        if (!JsonPart.isNull(normalizer)) {
            checkNormalizer(new JsonPart("normalizer", normalizer));
        }
        if (!JsonPart.isNull(preTokenizer)) {
            checkPreTokenizer(new JsonPart("pre_tokenizer", preTokenizer));
        }
    }

    private static void checkNormalizer(JsonPart part) {
        switch (part.type()) {
            case "Sequence" -> part.parts("normalizers").forEach(LibraryJson::checkNormalizer);
            case "NFC", "NFD", "NFKC", "NFKD", "Lowercase" -> {}
            case "Prepend" -> notEmpty(part, "prepend");
            case "Replace" -> {
                checkPattern(part);
                part.text("content");
            }
            default -> throw part.unsupported("type '" + part.type() + "'", NORMALIZERS);
        }
        part.end();
    }

    private static void checkPreTokenizer(JsonPart part) {
        switch (part.type()) {
            case "Sequence" -> part.parts("pretokenizers").forEach(LibraryJson::checkPreTokenizer);
            case "Whitespace", "WhitespaceSplit" -> {}
            case "Digits" -> part.flag("individual_digits", false);
            case "Punctuation" -> checkBehavior(part);
            case "Split" -> {
                checkPattern(part);
                checkBehavior(part);
                part.flag("invert", false);
            }
            case "ByteLevel" -> TextForms.byteLevel(part, Optional.empty());
            case "Metaspace" -> TextForms.metaspace(part);
            default -> throw part.unsupported("type '" + part.type() + "'", PRE_TOKENIZERS);
        }
        part.end();
    }

    private static void checkBehavior(JsonPart part) {
        String behavior = part.text("behavior");
        if (!BEHAVIORS.contains(behavior)) {
            throw part.unsupported("behavior '" + behavior + "'", String.join(", ", BEHAVIORS));
        }
    }

    private static void checkPattern(JsonPart part) {
        JsonPart pattern = new JsonPart(part.type() + ".pattern", part.element("pattern"));
        if (pattern.object().has("Regex")) {
            String regex = pattern.text("Regex");
            if (WordPattern.of(regex).isEmpty() && !REGEXES.contains(regex)) {
                throw pattern.unsupported(
                        "the regular expression " + regex,
                        "those of GPT-2, Llama 3, Qwen 2, GPT-4o");
            }
        } else {
            notEmpty(pattern, "String");
        }
        if (pattern.object().size() != 1) {
            throw pattern.unsupported("a pattern of two kinds", "String or Regex");
        }
    }

    private static void notEmpty(JsonPart part, String name) {
        if (part.text(name).isEmpty()) {
            throw part.unsupported("an empty " + name, "a text");
        }
    }

    static String write(
            BytePairs model,
            List<TokenizerJson.AddedToken> addedTokens,
            JsonElement normalizer,
            JsonElement preTokenizer) {
        JsonObject root = new JsonObject();
        root.addProperty("version", "1.0");
        root.add("truncation", JsonNull.INSTANCE);
        root.add("padding", JsonNull.INSTANCE);
        root.add(
                "added_tokens",
                GSON.toJsonTree(addedTokens.stream().map(LibraryJson::of).toList()));
        root.add("normalizer", normalizer);
        root.add("pre_tokenizer", preTokenizer);
        root.add("post_processor", JsonNull.INSTANCE);
        root.add("decoder", JsonNull.INSTANCE);
        root.add("model", write(model));
        return root.toString();
    }

    private static Map<String, Object> of(TokenizerJson.AddedToken token) {
        return Map.of(
                "id", token.id(),
                "content", token.content(),
                "single_word", token.singleWord(),
                "lstrip", token.stripsLeft(),
                "rstrip", token.stripsRight(),
                "normalized", token.normalized(),
                "special", token.special());
    }

    private static JsonObject write(BytePairs model) {
        JsonObject written = new JsonObject();
        written.addProperty("type", "BPE");
        model.unknown().ifPresent(token -> written.addProperty("unk_token", token));
        written.addProperty("fuse_unk", model.fusesUnknown());
        written.addProperty("byte_fallback", model.byteFallback());
        written.addProperty("ignore_merges", model.takesWords());
        written.add("vocab", GSON.toJsonTree(model.vocabulary()));
        List<List<String>> merges =
                model.merges().stream().map(m -> List.of(m.left(), m.right())).toList();
        written.add("merges", GSON.toJsonTree(merges));
        return written;
    }
}
