package ai.llm360.common.tokenizer;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The parts of SentencePiece's {@code ModelProto} that decoding needs. */
final class SentencePieceModel {

    // enum SentencePiece.Type in sentencepiece_model.proto
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int BYTE = 6;

    private record Piece(String text, long type) {}

    private final List<Piece> pieces = new ArrayList<>();
    private String bos = "<s>";
    private String eos = "</s>";
    private boolean addsDummyPrefix = true;

    private SentencePieceModel() {}

    /**
     * Parses and checks a model's bytes, so that the native library sees none that are damaged.
     *
     * @throws IllegalArgumentException if they are no model
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
        long unknowns = model.pieces.stream().filter(piece -> piece.type() == UNKNOWN).count();
        if (unknowns != 1) {
            throw new IllegalArgumentException(
                    "a SentencePiece model has one unknown piece; this has " + unknowns);
        }
        return model;
    }

    private static Piece piece(ProtoReader reader) {
        String text = "";
        long type = NORMAL;
        for (int field = reader.nextField(); field != 0; field = reader.nextField()) {
            switch (field) {
                case 1 -> text = reader.string();
                case 3 -> type = reader.integer();
                default -> reader.skip();
            }
        }
        if (type == BYTE && !text.matches("<0x[0-9A-F]{2}>")) {
            throw new IllegalArgumentException("piece '" + text + "' is no byte");
        }
        return new Piece(text, type);
    }

    private void readTrainerSpec(ProtoReader reader) {
        for (int field = reader.nextField(); field != 0; field = reader.nextField()) {
            switch (field) {
                case 46 -> bos = reader.string();
                case 47 -> eos = reader.string();
                default -> reader.skip();
            }
        }
    }

    private void readNormalizerSpec(ProtoReader reader, boolean ofInput) {
        for (int field = reader.nextField(); field != 0; field = reader.nextField()) {
            if (field == 2 && !reader.message().isEmpty()) {
                // The native library follows the map's offsets unchecked, out of its memory.
                throw new IllegalArgumentException(
                        "a normalizer with a character map is not supported (LLaMA's has none)");
            } else if (field == 3 && ofInput) {
                addsDummyPrefix = reader.integer() != 0;
            } else if (field != 2) {
                reader.skip();
            }
        }
    }

    Vocabulary vocabulary(TokenizerSettings settings) {
        Vocabulary.Builder builder =
                new Vocabulary.Builder(new DecodingRule(true, true, addsDummyPrefix));
        String unknown = null;
        for (int id = 0; id < pieces.size(); id++) {
            Piece piece = pieces.get(id);
            builder.add(id, piece.text(), piece.type() == UNKNOWN || piece.type() == CONTROL);
            if (piece.type() == UNKNOWN) {
                unknown = piece.text();
            }
        }
        return builder.roles(settings.bos().orElse(bos), settings.eos().orElse(eos), unknown)
                .build();
    }
}
