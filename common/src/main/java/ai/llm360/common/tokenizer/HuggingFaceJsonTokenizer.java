package ai.llm360.common.tokenizer;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import ai.llm360.common.nn.EngineSettings;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A tokenizer.json, encoded by Hugging Face's Rust library.
 *
 * <p>It calls the library below DJL's {@code HuggingFaceTokenizer}: that class cuts texts at 512
 * tokens by default, may call home over the network when it is first used, and fetches eight arrays
 * per text where one is needed, which halves its speed.
 */
final class HuggingFaceJsonTokenizer extends VocabularyTokenizer {

    private static final TokenizersLibrary LIB = TokenizersLibrary.LIB;

    private final Path file;
    private final TokenizerJson json;
    private Optional<MergeTable> mergeTable; // null until first needed
    private NativeHandle literal; // made when first needed: it takes as long as opening did

    private HuggingFaceJsonTokenizer(
            Path file,
            TokenizerJson json,
            NativeHandle handle,
            Vocabulary vocabulary,
            boolean addsBos) {
        super(handle, vocabulary, addsBos);
        this.file = file;
        this.json = json;
    }

    static HuggingFaceJsonTokenizer open(Path file, TokenizerSettings settings) throws IOException {
        Vocabulary vocabulary;
        boolean addsBos;
        TokenizerJson json;
        try {
            json = TokenizerJson.parse(Files.readString(file));
            vocabulary = json.vocabulary(settings);
            addsBos = settings.addsBos(file, vocabulary, json.leadingToken().isPresent());
        } catch (TokenizerException e) {
            throw e;
        } catch (CharacterCodingException e) {
            throw new TokenizerException(file, "malformed: not UTF-8", e);
        } catch (IOException | RuntimeException e) {
            throw new TokenizerException(file, "malformed: " + e.getMessage(), e);
        }
        NativeHandle handle = load(file, json.text());
        return new HuggingFaceJsonTokenizer(file, json, handle, vocabulary, addsBos);
    }

    private static NativeHandle load(Path file, String json) throws TokenizerException {
        EngineSettings.apply();
        LibUtils.checkStatus();
        long address;
        try {
            address = LIB.createTokenizerFromString(json);
        } catch (RuntimeException e) {
            throw new TokenizerException(file, "malformed: " + e.getMessage(), e);
        }
        // A tokenizer.json may ask for both; whoever wants them says so elsewhere.
        LIB.disableTruncation(address);
        LIB.disablePadding(address);
        return new NativeHandle(address, LIB::deleteTokenizer);
    }

    @Override
    long[] encodeNatively(long handle, String text) {
        long encoding = LIB.encode(handle, text, false);
        try {
            return LIB.getTokenIds(encoding);
        } finally {
            LIB.deleteEncoding(encoding);
        }
    }

    @Override
    public long[] encodeLiteral(String text) {
        if (!json.spellsAddedToken(text)) {
            return encode(text);
        }
        String wellFormed = Surrogates.replaceUnpaired(text);
        return literal().call(address -> encodeNatively(address, wellFormed));
    }

    /** Where the file is of LLaMA's kind, in Java: it is many times as fast. */
    @Override
    public BulkEncoder bulkEncoder() {
        checkOpen();
        return mergeTable().<BulkEncoder>map(MergeEncoder::new).orElseGet(super::bulkEncoder);
    }

    private synchronized Optional<MergeTable> mergeTable() {
        if (mergeTable == null) {
            mergeTable = MergeTable.parse(json.text());
        }
        return mergeTable;
    }

    // The binding can't switch the recognition off, so a second tokenizer knows no added tokens.
    private synchronized NativeHandle literal() {
        checkOpen();
        if (literal == null) {
            try {
                literal = load(file, json.textWithoutAddedTokens());
            } catch (TokenizerException e) {
                throw new IllegalStateException("a file that was read can't be read again", e);
            }
        }
        return literal;
    }

    @Override
    public synchronized void close() {
        super.close();
        if (literal != null) {
            literal.close();
        }
    }
}
