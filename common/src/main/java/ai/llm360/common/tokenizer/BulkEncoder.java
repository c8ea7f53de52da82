package ai.llm360.common.tokenizer;

/**
 * Encodes many texts, one after another, as {@link Tokenizer#encodeLiteral} encodes each: the same
 * ids, sooner. It remembers words and so belongs to one thread at a time; others take their own.
 */
public interface BulkEncoder {

    /** {@return the ids of a text in which no special token is recognised} */
    int[] encode(String text);
}
