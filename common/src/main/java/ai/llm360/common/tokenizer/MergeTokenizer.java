package ai.llm360.common.tokenizer;

import java.util.Arrays;

/** A tokenizer of byte-pair encoding that is computed in Java, from either kind of file. */
final class MergeTokenizer extends VocabularyTokenizer {

    private final EncodingRules rules;
    private final EncodingRules literal;
    private final EncodingRules continuation;

    /** Creates a tokenizer; with the literal rules no special token is recognised. */
    MergeTokenizer(
            EncodingRules rules, EncodingRules literal, Vocabulary vocabulary, boolean addsBos) {
        super(vocabulary, addsBos);
        this.rules = rules;
        this.literal = literal;
        continuation = literal.withoutPrefix();
    }

    @Override
    public long[] encode(String text) {
        return encode(rules, text);
    }

    @Override
    public long[] encodeLiteral(String text) {
        return encode(literal, text);
    }

    @Override
    public long[] encodeContinuation(String text) {
        return encode(continuation, text);
    }

    private long[] encode(EncodingRules how, String text) {
        checkOpen();
        return Arrays.stream(new MergeEncoder(how, false).encode(text)).asLongStream().toArray();
    }

    @Override
    public BulkEncoder bulkEncoder() {
        checkOpen();
        return new MergeEncoder(literal, true);
    }

    @Override
    public long fewestTokens(String text) {
        return rules.spellsEveryByte() ? fewestTokens(text.length()) : 0;
    }
}
