package ai.llm360.common.tokenizer;

import ai.llm360.common.tokenizer.TokenizerTraining.Kind;
import ai.llm360.io.internal.WholeFile;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Writes what a training found as the files that transformers and {@link Tokenizer#open} read. The
 * components of a LLaMA-like {@code tokenizer.json} are those of LLaMA's own.
 */
final class TrainedFiles {

    /** The special tokens, by their ids. */
    static final List<String> SPECIAL_TOKENS = List.of("<unk>", "<s>", "</s>");

    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().serializeNulls().setPrettyPrinting().create();

    private static final String POST_PROCESSOR =
            """
            {"type": "TemplateProcessing",
             "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                        {"Sequence": {"id": "A", "type_id": 0}}],
             "pair": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                      {"Sequence": {"id": "A", "type_id": 0}},
                      {"SpecialToken": {"id": "<s>", "type_id": 1}},
                      {"Sequence": {"id": "B", "type_id": 1}}],
             "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}}
            """;

    private static final String DECODER =
            """
            {"type": "Sequence", "decoders": [
              {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
              {"type": "ByteFallback"}, {"type": "Fuse"},
              {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
            """;

    private static final String BYTE_LEVEL =
            """
            {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
             "use_regex": true}
            """;

    private final Kind kind;
    private final boolean nfkc;
    private final List<MergeLearner.Merge> merges;
    private final Map<String, Integer> vocabulary = new LinkedHashMap<>();

    TrainedFiles(Kind kind, boolean nfkc, List<Piece> alphabet, List<MergeLearner.Merge> merges) {
        this.kind = kind;
        this.nfkc = nfkc;
        this.merges = merges;
        SPECIAL_TOKENS.forEach(this::addToken);
        Stream<String> found = merges.stream().map(merge -> merge.joined().text());
        Stream<String> symbols = alphabet.stream().map(Piece::text);
        if (kind == Kind.LLAMA) {
            for (int b = 0; b < 256; b++) {
                addToken(String.format(Locale.ROOT, "<0x%02X>", b));
            }
            Stream.concat(found, symbols).forEach(this::addToken);
        } else {
            Stream.concat(symbols, found).forEach(this::addToken);
        }
    }

    private void addToken(String token) {
        vocabulary.put(token, vocabulary.size());
    }

    void write(Path directory) throws IOException {
        write(directory.resolve("tokenizer.json"), tokenizer());
        write(directory.resolve("tokenizer_config.json"), config());
        write(directory.resolve("special_tokens_map.json"), specialTokens());
    }

    private static void write(Path file, JsonObject object) throws IOException {
        WholeFile.create(file, (GSON.toJson(object) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private JsonObject tokenizer() {
        boolean llama = kind == Kind.LLAMA;
        JsonElement bytes = JsonParser.parseString(BYTE_LEVEL);
        JsonObject root = new JsonObject();
        root.addProperty("version", "1.0");
        root.add("truncation", JsonNull.INSTANCE);
        root.add("padding", JsonNull.INSTANCE);
        JsonArray added = new JsonArray();
        SPECIAL_TOKENS.forEach(token -> added.add(addedToken(token)));
        root.add("added_tokens", added);
        root.add("normalizer", normalizer());
        root.add("pre_tokenizer", llama ? JsonNull.INSTANCE : bytes);
        root.add("post_processor", JsonParser.parseString(POST_PROCESSOR));
        root.add("decoder", llama ? JsonParser.parseString(DECODER) : bytes);
        root.add("model", model());
        return root;
    }

    private JsonObject addedToken(String token) {
        JsonObject added = new JsonObject();
        added.addProperty("id", vocabulary.get(token));
        added.addProperty("content", token);
        for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
            added.addProperty(flag, false);
        }
        added.addProperty("special", true);
        return added;
    }

    private JsonElement normalizer() {
        JsonObject form = new JsonObject();
        form.addProperty("type", "NFKC");
        if (kind == Kind.BYTE_LEVEL) {
            return nfkc ? form : JsonNull.INSTANCE;
        }
        JsonObject spaces = TextForms.llama();
        if (nfkc) {
            JsonArray all = new JsonArray();
            all.add(form);
            all.addAll(spaces.getAsJsonArray("normalizers"));
            spaces.add("normalizers", all);
        }
        return spaces;
    }

    private JsonObject model() {
        boolean llama = kind == Kind.LLAMA;
        JsonObject model = new JsonObject();
        model.addProperty("type", "BPE");
        model.add("dropout", JsonNull.INSTANCE);
        model.addProperty("unk_token", llama ? "<unk>" : null);
        model.add("continuing_subword_prefix", JsonNull.INSTANCE);
        model.add("end_of_word_suffix", JsonNull.INSTANCE);
        model.addProperty("fuse_unk", llama);
        model.addProperty("byte_fallback", llama);
        model.addProperty("ignore_merges", false);
        JsonObject tokens = new JsonObject();
        vocabulary.forEach(tokens::addProperty);
        model.add("vocab", tokens);
        JsonArray pairs = new JsonArray();
        for (MergeLearner.Merge merge : merges) {
            if (llama) {
                halves(merge.joined().text()).forEach(pairs::add);
            } else {
                pairs.add(merge.left().text() + " " + merge.right().text());
            }
        }
        model.add("merges", pairs);
        return model;
    }

    /**
     * Returns all pairs of tokens that make a piece: SentencePiece joins any two neighbours whose
     * text is a piece. They are in the order in which transformers converts LLaMA's.
     */
    private List<String> halves(String piece) {
        record Halves(String left, String right) {}
        List<Halves> all = new ArrayList<>();
        for (int i = piece.offsetByCodePoints(0, 1); i < piece.length(); ) {
            Halves halves = new Halves(piece.substring(0, i), piece.substring(i));
            if (vocabulary.containsKey(halves.left()) && vocabulary.containsKey(halves.right())) {
                all.add(halves);
            }
            i = piece.offsetByCodePoints(i, 1);
        }
        return all.stream()
                .sorted(
                        Comparator.comparing((Halves h) -> vocabulary.get(h.left()))
                                .thenComparing(h -> vocabulary.get(h.right())))
                .map(h -> h.left() + " " + h.right())
                .toList();
    }

    private static JsonObject specialTokens() {
        JsonObject roles = new JsonObject();
        roles.addProperty("bos_token", "<s>");
        roles.addProperty("eos_token", "</s>");
        roles.addProperty("unk_token", "<unk>");
        return roles;
    }

    private static JsonObject config() {
        JsonObject config = new JsonObject();
        config.addProperty("tokenizer_class", "PreTrainedTokenizerFast");
        config.addProperty("add_bos_token", true);
        config.addProperty("add_eos_token", false);
        specialTokens().asMap().forEach(config::add);
        config.addProperty("clean_up_tokenization_spaces", false);
        return config;
    }
}
