package ai.llm360.common.testing;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Builds a LLaMA-style tokenizer, a byte-fallback BPE that knows a few words, as the files that
 * real ones come in.
 *
 * <p>Ids: {@code <unk>} 0, {@code <s>} 1, {@code </s>} 2, the 256 bytes from 3, then the words'
 * pieces, then the added special tokens. Both formats give a text the same ids.
 */
public final class TinyTokenizer {

    private static final String SPACE = "\u2581";

    private final List<String> pieces = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    private final List<String[]> merges = new ArrayList<>();
    private final List<String> specials = new ArrayList<>();
    private boolean addsBos = true;

    private TinyTokenizer() {
        for (int b = 0; b < 256; b++) {
            pieces.add(String.format(Locale.ROOT, "<0x%02X>", b));
        }
        addPiece(SPACE);
    }

    /** Starts a tokenizer that puts BOS before prompts and knows no word. */
    public static TinyTokenizer llama() {
        return new TinyTokenizer();
    }

    /** Gives each word, and each of its beginnings, one token of its own; it follows a space. */
    public TinyTokenizer words(String... words) {
        for (String word : words) {
            String known = SPACE;
            for (String letter : word.codePoints().mapToObj(Character::toString).toList()) {
                addPiece(letter);
                if (addPiece(known + letter)) {
                    merges.add(new String[] {known, letter});
                }
                known += letter;
            }
        }
        return this;
    }

    /** Adds special tokens behind the words; only {@code tokenizer.json} can hold them. */
    public TinyTokenizer specialTokens(String... tokens) {
        specials.addAll(List.of(tokens));
        return this;
    }

    /** Leaves BOS out of the post-processor. */
    public TinyTokenizer withoutBos() {
        addsBos = false;
        return this;
    }

    private boolean addPiece(String piece) {
        return !pieces.contains(piece) && pieces.add(piece);
    }

    /** Writes {@code tokenizer.json} into a directory and returns the file. */
    public Path writeJson(Path directory) {
        JsonObject vocabulary = new JsonObject();
        pieces.forEach(piece -> vocabulary.addProperty(piece, vocabulary.size()));
        JsonArray pairs = new JsonArray();
        merges.forEach(pair -> pairs.add(String.join(" ", pair)));
        JsonArray added = new JsonArray();
        for (String token : List.of("<unk>", "<s>", "</s>")) {
            added.add(addedToken(added.size(), token));
        }
        specials.forEach(token -> added.add(addedToken(pieces.size() + added.size() - 3, token)));

        JsonObject root = JsonParser.parseString(FRAME).getAsJsonObject();
        root.add("added_tokens", added);
        root.getAsJsonObject("model").add("vocab", vocabulary);
        root.getAsJsonObject("model").add("merges", pairs);
        if (!addsBos) {
            root.getAsJsonObject("post_processor").getAsJsonArray("single").remove(0);
        }
        return write(
                directory.resolve("tokenizer.json"),
                root.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static JsonObject addedToken(int id, String token) {
        JsonObject added = new JsonObject();
        added.addProperty("id", id);
        added.addProperty("content", token);
        for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
            added.addProperty(flag, false);
        }
        added.addProperty("special", true);
        return added;
    }

    /** Writes {@code tokenizer.model} into a directory and returns the file. */
    public Path writeModel(Path directory) {
        ByteArrayOutputStream model = new ByteArrayOutputStream();
        for (int id = 0; id < pieces.size(); id++) {
            int type = id == 0 ? 2 : id <= 2 ? 3 : id < 259 ? 6 : 1; // unknown, control, byte, word
            ByteArrayOutputStream piece = new ByteArrayOutputStream();
            field(piece, 1, pieces.get(id).getBytes(StandardCharsets.UTF_8));
            piece.write(2 << 3 | 5);
            // A merge wins the sooner, the higher its piece's score; merges are in order of ids.
            piece.writeBytes(littleEndian(-id));
            piece.writeBytes(new byte[] {3 << 3, (byte) type});
            field(model, 1, piece.toByteArray());
        }
        byte[] bytePairs = {3 << 3, 2, (byte) 0x98, 2, 1}; // 0x98 02: field 35, a varint
        field(model, 2, bytePairs); // model_type BPE, byte_fallback
        field(model, 3, new byte[] {3 << 3, 1, 4 << 3, 0, 5 << 3, 1}); // spaces as LLaMA has them
        return write(directory.resolve("tokenizer.model"), model.toByteArray());
    }

    private static byte[] littleEndian(float value) {
        return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array();
    }

    /** Writes a length-delimited field of a protocol buffer. */
    public static void field(ByteArrayOutputStream out, int number, byte[] bytes) {
        out.write(number << 3 | 2);
        int rest = bytes.length;
        for (; rest >= 128; rest >>>= 7) {
            out.write((rest & 0x7F) | 0x80);
        }
        out.write(rest);
        out.writeBytes(bytes);
    }

    private static Path write(Path file, byte[] bytes) {
        try {
            return Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final String FRAME =
            """
            {
              "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
              "normalizer": {"type": "Sequence", "normalizers": [
                {"type": "Prepend", "prepend": "\u2581"},
                {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
              "pre_tokenizer": null,
              "post_processor": {"type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                           {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}},
                         {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
              "decoder": {"type": "Sequence", "decoders": [
                {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
                {"type": "ByteFallback"}, {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
              "model": {"type": "BPE", "dropout": null, "unk_token": "<unk>",
                "continuing_subword_prefix": null, "end_of_word_suffix": null,
                "fuse_unk": true, "byte_fallback": true, "vocab": {}, "merges": []}
            }
            """;
}
