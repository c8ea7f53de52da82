package ai.llm360.common.tokenizer;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * SentencePiece's {@code ModelProto}, of byte-pair encoding without a map of characters, which is
 * what LLaMA's tokenizer.model is.
 */
final class SentencePieceModel {

    // enum SentencePiece.Type in sentencepiece_model.proto
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int BYTE = 6;

    /** SentencePiece trains pieces of 16 by default; each place to cut one is looked at. */
    private static final int LONGEST_PIECE = 256;

    private static final int BYTE_PAIRS = 2;
    private static final Map<Long, String> OTHER_TYPES =
            Map.of(1L, "unigram", 3L, "word", 4L, "character");

    private record Piece(String text, float score, long type) {}

    private final List<Piece> pieces = new ArrayList<>();
    private final Map<String, Integer> ids = new HashMap<>();
    private String bos = "<s>";
    private String eos = "</s>";
    private int unknown = -1;
    private long modelType = 1;
    private boolean byteFallback;
    private boolean spacesAreSuffixes;
    private boolean addsDummyPrefix = true;
    private boolean removesExtraSpaces = true;
    private boolean marksSpaces = true;

    private SentencePieceModel() {}

    /**
     * Parses and checks a model's bytes.
     *
     * @throws IllegalArgumentException if they are no model
     * @throws UnsupportedOperationException if they are one of another kind
     */
    static SentencePieceModel parse(byte[] bytes) {
        SentencePieceModel model = new SentencePieceModel();
        ProtoReader reader = new ProtoReader(ByteBuffer.wrap(bytes));
        for (int field = reader.nextField(); field != 0; field = reader.nextField()) {
            switch (field) {
                case 1 -> model.pieces.add(piece(reader.message()));
                case 2 -> model.readTrainerSpec(reader.message());
                case 3, 5 -> model.readNormalizerSpec(reader.message(), field == 3);
                default -> reader.skip();
            }
        }
        model.check();
        return model;
    }

    private static Piece piece(ProtoReader reader) {
        String text = "";
        float score = 0;
        long type = NORMAL;
        for (int field = reader.nextField(); field != 0; field = reader.nextField()) {
            switch (field) {
                case 1 -> text = reader.string();
                case 2 -> score = reader.number();
                case 3 -> type = reader.integer();
                default -> reader.skip();
            }
        }
        return new Piece(text, score, type);
    }

    private void readTrainerSpec(ProtoReader reader) {
        for (int field = reader.nextField(); field != 0; field = reader.nextField()) {
            switch (field) {
                case 3 -> modelType = reader.integer();
                case 24 -> spacesAreSuffixes = reader.flag();
                case 35 -> byteFallback = reader.flag();
                case 46 -> bos = reader.string();
                case 47 -> eos = reader.string();
                default -> reader.skip();
            }
        }
    }

    private void readNormalizerSpec(ProtoReader reader, boolean ofInput) {
        for (int field = reader.nextField(); field != 0; field = reader.nextField()) {
            if (field == 2 && !reader.message().isEmpty()) {
                throw new UnsupportedOperationException(
                        "a normalizer with a character map is not supported (LLaMA's has none)");
            } else if (field == 3 && ofInput) {
                addsDummyPrefix = reader.flag();
            } else if (field == 4 && ofInput) {
                removesExtraSpaces = reader.flag();
            } else if (field == 5 && ofInput) {
                marksSpaces = reader.flag();
            } else if (field != 2) {
                reader.skip();
            }
        }
    }

    private void check() {
        for (int id = 0; id < pieces.size(); id++) {
            check(id, pieces.get(id));
        }
        long unknowns = pieces.stream().filter(piece -> piece.type() == UNKNOWN).count();
        require(
                unknowns == 1,
                "a SentencePiece model has one unknown piece; this has %d",
                unknowns);
        support(
                modelType == BYTE_PAIRS,
                "a model of type %s is not supported (supported: BPE, which LLaMA's is)",
                OTHER_TYPES.getOrDefault(modelType, "" + modelType));
        support(
                marksSpaces && !spacesAreSuffixes,
                "treat_whitespace_as_suffix and escape_whitespaces = false are not supported"
                        + " (LLaMA has neither)");
        require(
                !byteFallback || MergeTable.hasBytes(MergeTable.Symbols.CHARACTERS_OR_BYTES, ids),
                "byte_fallback needs 256 pieces, <0x00> to <0xFF>, and some are missing");
    }

    private void check(int id, Piece piece) {
        String start = piece.text().substring(0, Math.min(40, piece.text().length()));
        String shown = "piece %d '%s'".formatted(id, start);
        support(
                piece.type() >= NORMAL && piece.type() <= BYTE && piece.type() != 5,
                "%s: type %d is not supported (supported: normal, unknown, control, user-defined,"
                        + " byte)",
                shown,
                piece.type());
        boolean isByte = piece.text().matches("<0x[0-9A-F]{2}>");
        require(piece.type() != BYTE || isByte, "%s is no byte", shown);
        require(
                piece.type() != BYTE || byteFallback,
                "%s is a byte, but byte_fallback is false",
                shown);
        require(!piece.text().isEmpty(), "%s is empty", shown);
        require(
                piece.type() != NORMAL || piece.text().length() <= LONGEST_PIECE,
                "piece %d has %d characters; a piece has at most %d",
                id,
                piece.text().length(),
                LONGEST_PIECE);
        require(Float.isFinite(piece.score()), "%s has the score %s", shown, piece.score());
        support(
                piece.type() != USER_DEFINED || !piece.text().contains(" "),
                "%s: user-defined pieces with spaces are not supported",
                shown);
        Integer before = ids.put(piece.text(), id);
        require(before == null, "%s is piece %d too", shown, before);
        if (piece.type() == UNKNOWN) {
            unknown = id;
        }
    }

    private static void require(boolean holds, String problem, Object... values) {
        if (!holds) {
            throw new IllegalArgumentException(problem.formatted(values));
        }
    }

    private static void support(boolean holds, String problem, Object... values) {
        if (!holds) {
            throw new UnsupportedOperationException(problem.formatted(values));
        }
    }

    EncodingRules rules() {
        List<AddedTokens.Token> userDefined = new ArrayList<>();
        Map<String, Integer> spelling = new HashMap<>();
        for (int id = 0; id < pieces.size(); id++) {
            Piece piece = pieces.get(id);
            if (piece.type() == USER_DEFINED) {
                userDefined.add(new AddedTokens.Token(piece.text(), id, false, false));
            } else if (piece.type() != UNKNOWN) {
                spelling.put(piece.text(), id);
            }
        }
        MergeTable table =
                new MergeTable(
                        byteFallback
                                ? MergeTable.Symbols.CHARACTERS_OR_BYTES
                                : MergeTable.Symbols.CHARACTERS,
                        spelling,
                        merges(),
                        unknown,
                        false);
        TextForm form =
                new TextForm(
                        TextForm.Spaces.MARKED_EARLY,
                        addsDummyPrefix ? TextForm.Prefix.ALWAYS : TextForm.Prefix.NEVER,
                        removesExtraSpaces,
                        false,
                        Optional.empty());
        return new EncodingRules(AddedTokens.NONE, new AddedTokens(userDefined), form, table);
    }

    /**
     * Lists the merges: two neighbours whose joined text is a piece are joined, the higher its
     * score, the sooner.
     */
    private List<MergeTable.Merge> merges() {
        float[] scores = new float[pieces.size()];
        for (int id = 0; id < scores.length; id++) {
            scores[id] = pieces.get(id).score() + 0f; // no negative zero: it would sort apart
        }
        float[] sorted = scores.clone();
        Arrays.sort(sorted);
        Map<Float, Integer> ranks = new HashMap<>();
        for (int i = sorted.length - 1; i >= 0; i--) {
            ranks.putIfAbsent(sorted[i], ranks.size());
        }
        List<MergeTable.Merge> merges = new ArrayList<>();
        for (int id = 0; id < scores.length; id++) {
            String text = pieces.get(id).text();
            if (pieces.get(id).type() != NORMAL) {
                continue;
            }
            for (int cut = text.offsetByCodePoints(0, 1); cut < text.length(); ) {
                String left = text.substring(0, cut);
                String right = text.substring(cut);
                if (isSymbol(left) && isSymbol(right)) {
                    merges.add(new MergeTable.Merge(left, right, ranks.get(scores[id])));
                }
                cut = text.offsetByCodePoints(cut, 1);
            }
        }
        return merges;
    }

    /** Returns whether a text can stand as one symbol: a character, or a piece. */
    private boolean isSymbol(String text) {
        Integer id = ids.get(text);
        boolean isPiece = id != null && pieces.get(id).type() == NORMAL;
        return isPiece || text.codePointCount(0, text.length()) == 1;
    }

    Vocabulary vocabulary(TokenizerSettings settings) {
        Vocabulary.Builder builder =
                new Vocabulary.Builder(
                        new DecodingRule(true, true, addsDummyPrefix || removesExtraSpaces, false));
        for (int id = 0; id < pieces.size(); id++) {
            Piece piece = pieces.get(id);
            builder.add(id, piece.text(), piece.type() == UNKNOWN || piece.type() == CONTROL);
        }
        return builder.build(
                settings.bos().orElse(bos), settings.eos().orElse(eos), pieces.get(unknown).text());
    }
}
