package ai.llm360.common.tokenizer;

import com.google.gson.JsonElement;

/**
 * Says how tokens become text.
 *
 * @param metaspace U+2581 stands for a space
 * @param bytePieces {@code <0x0A>} stands for a byte
 * @param stripsLeadingSpace one space at the beginning of a text is the encoder's, not the text's
 * @param byteLevel each character stands for a byte, as {@link ByteAlphabet} says
 */
record DecodingRule(
        boolean metaspace, boolean bytePieces, boolean stripsLeadingSpace, boolean byteLevel) {

    private static final DecodingRule NOTHING = new DecodingRule(false, false, false, false);
    private static final DecodingRule BYTE_LEVEL = new DecodingRule(false, false, false, true);

    /** Reads the {@code decoder} of a tokenizer.json. */
    static DecodingRule parse(JsonElement decoder) {
        if (JsonPart.isNull(decoder)) {
            throw JsonPart.unsupported("decoder", "none", SUPPORTED);
        }
        return parse(new JsonPart("decoder", decoder));
    }

    private static final String SUPPORTED =
            "Replace, ByteFallback, Fuse, Strip, Metaspace as LLaMA's, ByteLevel";

    private static DecodingRule parse(JsonPart part) {
        DecodingRule rule =
                switch (part.type()) {
                    case "Sequence" -> {
                        DecodingRule all = NOTHING;
                        for (JsonPart step : part.parts("decoders")) {
                            all = all.and(parse(step));
                        }
                        yield all;
                    }
                    case "Replace" -> {
                        part.only("content", " ");
                        new JsonPart("decoder.pattern", part.element("pattern"))
                                .only("String", "\u2581");
                        yield new DecodingRule(true, false, false, false);
                    }
                    case "ByteFallback" -> new DecodingRule(false, true, false, false);
                    case "Fuse" -> NOTHING;
                    case "Strip" -> {
                        part.only("content", " ");
                        part.only("start", "1");
                        part.only("stop", "0");
                        yield new DecodingRule(false, false, true, false);
                    }
                    case "Metaspace" -> {
                        part.only("replacement", "\u2581");
                        part.flag("split", true); // of the encoder
                        part.optText("str_rep");
                        yield new DecodingRule(true, false, prependsSpace(part), false);
                    }
                    case "ByteLevel" -> {
                        // The encoder's, which share the name.
                        part.flag("add_prefix_space", true);
                        part.flag("trim_offsets", true);
                        part.flag("use_regex", true);
                        yield BYTE_LEVEL;
                    }
                    default -> throw part.unsupported("type '" + part.type() + "'", SUPPORTED);
                };
        part.end();
        return rule;
    }

    static boolean prependsSpace(JsonPart metaspace) {
        boolean older = metaspace.flag("add_prefix_space", true);
        return metaspace.optText("prepend_scheme").map(s -> !s.equals("never")).orElse(older);
    }

    private DecodingRule and(DecodingRule other) {
        boolean alone = equals(NOTHING) || other.equals(NOTHING);
        if (!alone && (byteLevel || other.byteLevel)) {
            throw JsonPart.unsupported("decoder", "ByteLevel among others", "ByteLevel alone");
        }
        return new DecodingRule(
                metaspace || other.metaspace,
                bytePieces || other.bytePieces,
                stripsLeadingSpace || other.stripsLeadingSpace,
                byteLevel || other.byteLevel);
    }
}
