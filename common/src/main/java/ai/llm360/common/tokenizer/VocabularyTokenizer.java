package ai.llm360.common.tokenizer;

import java.util.Arrays;
import java.util.OptionalLong;

/** Does what every tokenizer does alike: all but the encoding of plain text. */
abstract sealed class VocabularyTokenizer implements Tokenizer
        permits HuggingFaceJsonTokenizer, MergeTokenizer {

    private final Vocabulary vocabulary;
    private final boolean addsBos;
    private volatile boolean closed;

    VocabularyTokenizer(Vocabulary vocabulary, boolean addsBos) {
        this.vocabulary = vocabulary;
        this.addsBos = addsBos;
    }

    final void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the tokenizer is closed");
        }
    }

    /** Returns the fewest tokens that can spell some bytes. */
    final long fewestTokens(long bytes) {
        return (bytes + vocabulary.longest() - 1) / Math.max(1, vocabulary.longest());
    }

    @Override
    public long fewestTokens(String text) {
        return 0;
    }

    @Override
    public int textBytes(long id) {
        return vocabulary.text(id).length;
    }

    @Override
    public byte[] bytes(long id) {
        return vocabulary.text(id).clone();
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
            vocabulary.token(id); // or it is refused
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
        closed = true;
    }
}
