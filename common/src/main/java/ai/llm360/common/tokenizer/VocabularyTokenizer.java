package ai.llm360.common.tokenizer;

import java.util.Arrays;
import java.util.OptionalLong;

/** What every tokenizer does alike: all but the encoding of plain text. */
abstract sealed class VocabularyTokenizer implements Tokenizer
        permits HuggingFaceJsonTokenizer, SentencePieceTokenizer {

    private final NativeHandle handle;
    private final Vocabulary vocabulary;
    private final boolean addsBos;

    VocabularyTokenizer(NativeHandle handle, Vocabulary vocabulary, boolean addsBos) {
        this.handle = handle;
        this.vocabulary = vocabulary;
        this.addsBos = addsBos;
    }

    /** Encodes well-formed text without special tokens, while the native tokenizer stays open. */
    abstract long[] encodeNatively(long handle, String text);

    final void checkOpen() {
        handle.checkOpen();
    }

    @Override
    public long[] encode(String text) {
        String wellFormed = Surrogates.replaceUnpaired(text);
        return handle.call(address -> encodeNatively(address, wellFormed));
    }

    @Override
    public long[] encode(String text, boolean bos, boolean eos) {
        long first = bos ? required(bosId(), "beginning-of-sequence") : 0;
        long last = eos ? required(eosId(), "end-of-sequence") : 0;
        long[] plain = encode(text);
        long[] ids = new long[plain.length + (bos ? 1 : 0) + (eos ? 1 : 0)];
        System.arraycopy(plain, 0, ids, bos ? 1 : 0, plain.length);
        if (bos) {
            ids[0] = first;
        }
        if (eos) {
            ids[ids.length - 1] = last;
        }
        return ids;
    }

    private static long required(OptionalLong id, String name) {
        return id.orElseThrow(
                () -> new IllegalArgumentException("this tokenizer has no " + name + " token"));
    }

    @Override
    public long[] encodePrompt(String text) {
        return encode(text, addsBos, false);
    }

    @Override
    public boolean addsBos() {
        return addsBos;
    }

    @Override
    public BulkEncoder bulkEncoder() {
        return text -> Arrays.stream(encodeLiteral(text)).mapToInt(Math::toIntExact).toArray();
    }

    @Override
    public String decode(long... ids) {
        return decode(ids, false);
    }

    @Override
    public String decodeVerbatim(long... ids) {
        return decode(ids, true);
    }

    private String decode(long[] ids, boolean verbatim) {
        checkOpen();
        StreamingDecoder decoder = new StreamingDecoder(vocabulary, verbatim);
        StringBuilder text = new StringBuilder(ids.length * 4);
        for (long id : ids) {
            decoder.push(id, text);
        }
        decoder.flush(text);
        return text.toString();
    }

    @Override
    public StreamingDecoder stream(long... contextIds) {
        checkOpen();
        StreamingDecoder decoder = new StreamingDecoder(vocabulary, false);
        StringBuilder before = new StringBuilder();
        for (long id : contextIds) {
            decoder.push(id, before);
        }
        return decoder;
    }

    @Override
    public int vocabularySize() {
        return vocabulary.size();
    }

    @Override
    public String token(long id) {
        return vocabulary.token(id);
    }

    @Override
    public OptionalLong id(String token) {
        return vocabulary.id(token);
    }

    @Override
    public OptionalLong bosId() {
        return vocabulary.bosId();
    }

    @Override
    public OptionalLong eosId() {
        return vocabulary.eosId();
    }

    @Override
    public OptionalLong unknownId() {
        return vocabulary.unknownId();
    }

    @Override
    public void close() {
        handle.close();
    }
}
