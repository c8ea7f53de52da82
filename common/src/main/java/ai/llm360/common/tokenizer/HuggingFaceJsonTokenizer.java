package ai.llm360.common.tokenizer;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import ai.llm360.common.config.EngineSettings;

/**
 * A tokenizer.json of a kind that isn't computed in Java, encoded by Hugging Face's Rust library.
 *
 * <p>It calls the library below DJL's {@code HuggingFaceTokenizer}: that class cuts texts at 512
 * tokens by default, may call home over the network when it is first used, and fetches eight arrays
 * per text where one is needed, which halves its speed.
 */
final class HuggingFaceJsonTokenizer extends VocabularyTokenizer {

    private static final TokenizersLibrary LIB = TokenizersLibrary.LIB;

    private final TokenizerJson json;
    private final NativeHandle handle;
    private NativeHandle literal; // made when first needed: it takes as long as opening did

    private HuggingFaceJsonTokenizer(
            TokenizerJson json, NativeHandle handle, Vocabulary vocabulary, boolean addsBos) {
        super(vocabulary, addsBos);
        this.json = json;
        this.handle = handle;
    }

    static HuggingFaceJsonTokenizer open(
            TokenizerJson json, Vocabulary vocabulary, boolean addsBos) {
        return new HuggingFaceJsonTokenizer(json, load(json.forLibrary(true)), vocabulary, addsBos);
    }

    private static NativeHandle load(String json) {
        EngineSettings.apply();
        LibUtils.checkStatus();
        return new NativeHandle(LIB.createTokenizerFromString(json), LIB::deleteTokenizer);
    }

    @Override
    public long[] encode(String text) {
        return encode(handle, text);
    }

    // The binding can't switch the recognition off, so a second tokenizer knows no added tokens.
    @Override
    public long[] encodeLiteral(String text) {
        return encode(json.spellsAddedToken(text) ? literal() : handle, text);
    }

    @Override
    public long[] encodeContinuation(String text) {
        if (json.putsSpaceBefore()) {
            throw new IllegalArgumentException(
                    "this tokenizer.json is of a kind that puts a space before every text, also"
                            + " behind a special token; use a template that wants it there");
        }
        return encodeLiteral(text);
    }

    private static long[] encode(NativeHandle handle, String text) {
        String wellFormed = Surrogates.replaceUnpaired(text);
        return handle.call(
                address -> {
                    long encoding = LIB.encode(address, wellFormed, false);
                    try {
                        return LIB.getTokenIds(encoding);
                    } finally {
                        LIB.deleteEncoding(encoding);
                    }
                });
    }

    private synchronized NativeHandle literal() {
        checkOpen();
        if (literal == null) {
            literal = load(json.forLibrary(false));
        }
        return literal;
    }

    @Override
    public synchronized void close() {
        super.close();
        handle.close();
        if (literal != null) {
            literal.close();
        }
    }
}
