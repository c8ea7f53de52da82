package ai.llm360.common.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The parts of a tokenizer.json, each checked: a component or a field that isn't known here is
 * refused, since it might change the ids. Truncation and padding are read over: whoever wants them
 * says so elsewhere.
 */
final class TokenizerJson {

    private final BytePairs model = new BytePairs();
    private final List<AddedToken> addedTokens = new ArrayList<>();
    private JsonElement normalizer;
    private JsonElement preTokenizer;
    private JsonElement postProcessor;
    private JsonElement decoder;

    /** An added token, with where it is looked for. */
    record AddedToken(
            String content,
            int id,
            boolean special,
            boolean normalized,
            boolean stripsLeft,
            boolean stripsRight,
            boolean singleWord) {

        AddedTokens.Token as(String spelling) {
            return new AddedTokens.Token(spelling, id, stripsLeft, stripsRight);
        }
    }

    private TokenizerJson() {}

    /**
     * Parses a file's text; a tokenizer of a kind that isn't known is an {@link
     * UnsupportedOperationException}.
     */
    static TokenizerJson parse(String json) throws IOException {
        TokenizerJson parsed = new TokenizerJson();
        JsonReader reader = new JsonReader(new StringReader(json));
        reader.setStrictness(Strictness.STRICT);
        reader.beginObject();
        while (reader.hasNext()) {
            String name = reader.nextName();
            switch (name) {
                case "added_tokens" -> parsed.readAddedTokens(JsonParser.parseReader(reader));
                case "normalizer" -> parsed.normalizer = JsonParser.parseReader(reader);
                case "pre_tokenizer" -> parsed.preTokenizer = JsonParser.parseReader(reader);
                case "post_processor" -> parsed.postProcessor = JsonParser.parseReader(reader);
                case "decoder" -> parsed.decoder = JsonParser.parseReader(reader);
                case "model" -> parsed.model.read(reader);
                case "version", "truncation", "padding" -> reader.skipValue();
                default ->
                        throw JsonPart.unsupported(
                                "the file", "the field '" + name + "'", "those of version 1.0");
            }
        }
        reader.endObject();
        if (reader.peek() != JsonToken.END_DOCUMENT) {
            throw new IllegalArgumentException("text follows the end of the object");
        }
        parsed.model.check();
        return parsed;
    }

    private void readAddedTokens(JsonElement list) {
        if (JsonPart.isNull(list)) {
            return;
        }
        if (!list.isJsonArray()) {
            throw new IllegalArgumentException("added_tokens is no list");
        }
        for (JsonElement element : list.getAsJsonArray()) {
            JsonPart part = new JsonPart("added_tokens[" + addedTokens.size() + "]", element);
            AddedToken token =
                    new AddedToken(
                            part.text("content"),
                            part.number("id"),
                            part.flag("special", false),
                            part.flag("normalized", false),
                            part.flag("lstrip", false),
                            part.flag("rstrip", false),
                            part.flag("single_word", false));
            part.end();
            if (token.content().isEmpty()) {
                throw new IllegalArgumentException("the added token " + token.id() + " is empty");
            }
            addedTokens.add(token);
        }
    }

    Vocabulary vocabulary(TokenizerSettings settings) {
        Vocabulary.Builder builder = new Vocabulary.Builder(DecodingRule.parse(decoder));
        model.vocabulary().forEach((token, id) -> builder.add(id, token, false));
        for (AddedToken token : addedTokens) {
            Integer id = model.vocabulary().get(token.content());
            if (id != null && id != token.id()) {
                throw new IllegalArgumentException(
                        "the added token '%s' has id %d, but %d in the vocabulary"
                                .formatted(token.content(), token.id(), id));
            }
            builder.addWhole(token.id(), token.content(), token.special());
        }
        String bos = settings.bos().or(this::leadingToken).orElse("<s>");
        return builder.build(bos, settings.eos().orElse("</s>"), model.unknown().orElse(null));
    }

    /** Returns the token that the post-processor puts before every text, if it does. */
    Optional<String> leadingToken() {
        return JsonPart.isNull(postProcessor)
                ? Optional.empty()
                : leadingToken(new JsonPart("post_processor", postProcessor));
    }

    private static Optional<String> leadingToken(JsonPart part) {
        Optional<String> leading = Optional.empty();
        switch (part.type()) {
            case "Sequence" -> {
                for (JsonPart inner : part.parts("processors")) {
                    Optional<String> found = leadingToken(inner);
                    leading = leading.isPresent() ? leading : found;
                }
            }
            case "TemplateProcessing" -> {
                List<JsonPart> single = part.parts("single");
                if (!single.isEmpty() && single.get(0).object().has("SpecialToken")) {
                    leading =
                            Optional.of(
                                    new JsonPart(
                                                    "post_processor.single[0]",
                                                    single.get(0).element("SpecialToken"))
                                            .text("id"));
                }
                part.element("pair");
                part.element("special_tokens");
            }
            case "ByteLevel" -> {
                // It moves offsets, not ids.
                part.flag("add_prefix_space", true);
                part.flag("trim_offsets", true);
                part.flag("use_regex", true);
            }
            default ->
                    throw part.unsupported(
                            "type '" + part.type() + "'",
                            "TemplateProcessing, ByteLevel, Sequence");
        }
        part.end();
        return leading;
    }

    /** Returns what encodes in Java, or empty if the file is of a kind that needs the library. */
    Optional<EncodingRules> rules() {
        Optional<TextForm> form = TextForms.of(normalizer, preTokenizer);
        if (form.isEmpty() || addedTokens.stream().anyMatch(AddedToken::singleWord)) {
            return Optional.empty();
        }
        List<AddedTokens.Token> plain = new ArrayList<>();
        List<AddedTokens.Token> normalized = new ArrayList<>();
        for (AddedToken token : addedTokens) {
            if (token.normalized()) {
                normalized.add(token.as(form.get().normalize(token.content())));
            } else {
                plain.add(token.as(token.content()));
            }
        }
        return model.table(form.get())
                .map(
                        table ->
                                new EncodingRules(
                                        new AddedTokens(plain),
                                        new AddedTokens(normalized),
                                        form.get(),
                                        table));
    }

    /** Returns the file that the library is to read: what was checked here, and nothing else. */
    String forLibrary(boolean recognisesAdded) {
        LibraryJson.check(normalizer, preTokenizer);
        checkAddedIds();
        return LibraryJson.write(
                model, recognisesAdded ? addedTokens : List.of(), normalizer, preTokenizer);
    }

    /** Tells whether some component may put a space before a text. */
    boolean putsSpaceBefore() {
        String components = normalizer + " " + preTokenizer;
        return components.contains("Prepend")
                || components.contains("Metaspace")
                || components.contains("\"add_prefix_space\":true");
    }

    boolean spellsAddedToken(String text) {
        return addedTokens.stream().map(AddedToken::content).anyMatch(text::contains);
    }

    /**
     * Checks that the ids of added tokens are those that the library will give them: the
     * vocabulary's own, or the next ones behind it.
     */
    private void checkAddedIds() {
        int next = model.vocabulary().size();
        for (AddedToken token : addedTokens) {
            Integer known = model.vocabulary().get(token.content());
            if (known == null && token.id() != next++) {
                throw JsonPart.unsupported(
                        "added_tokens",
                        "'%s' with id %d".formatted(token.content(), token.id()),
                        "ids in order behind the vocabulary, here " + (next - 1));
            }
        }
    }
}
