package ai.llm360.common.generate;

import ai.llm360.common.tokenizer.Tokenizer;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * A gap to be filled: what stands before it and what stands after it.
 *
 * <p>A model that was trained on fill-in-the-middle (Bavarian et al., arXiv 2207.14255) reads both
 * sides between three special tokens, and then continues with the middle. Each side is encoded on
 * its own, as in training, so it begins with the space that the tokenizer puts before every text;
 * so does the middle, from which {@link TextGenerator} takes it off: prefix + middle + suffix is
 * the whole text.
 *
 * @param prefix the text before the gap, perhaps empty; special tokens that it spells are plain
 *     text
 * @param suffix the text after the gap, likewise
 * @param order which side the model reads first
 * @param bos whether the prefix begins with the start token. In training it does where a document
 *     begins: the documents had their start token before they were cut, so it stands behind {@code
 *     <|fim_prefix|>}, or behind {@code <|fim_middle|>} in the other order. Without it, the prefix
 *     is read as if it began within a document.
 */
public record InfillPrompt(String prefix, String suffix, Order order, boolean bos) {

    /** The side that the model reads first; training had both, half and half. */
    public enum Order {
        /** Prefix, suffix, middle: {@code <|fim_prefix|> p <|fim_suffix|> s <|fim_middle|>}. */
        PSM,
        /** Suffix, prefix, middle: {@code <|fim_prefix|><|fim_suffix|> s <|fim_middle|> p}. */
        SPM
    }

    private static final String PREFIX = "<|fim_prefix|>";
    private static final String SUFFIX = "<|fim_suffix|>";
    private static final String MIDDLE = "<|fim_middle|>";
    private static final String PAD = "<|fim_pad|>";

    /** Creates a prompt with the prefix first and a start token, as a whole document has it. */
    public InfillPrompt(String prefix, String suffix) {
        this(prefix, suffix, Order.PSM, true);
    }

    /**
     * Encodes the prompt.
     *
     * @return the ids, which the middle's are to follow
     * @throws IllegalArgumentException if the tokenizer lacks one of the three special tokens, or a
     *     start token that is asked for
     */
    public long[] ids(Tokenizer tokenizer) {
        LongStream before = LongStream.of(tokenizer.encodeLiteral(prefix));
        if (bos) {
            before = LongStream.concat(LongStream.of(bosId(tokenizer)), before);
        }
        LongStream after = LongStream.of(tokenizer.encodeLiteral(suffix));
        LongStream first = LongStream.of(special(tokenizer, PREFIX));
        LongStream second = LongStream.of(special(tokenizer, SUFFIX));
        LongStream last = LongStream.of(special(tokenizer, MIDDLE));
        return (order == Order.PSM
                        ? List.of(first, before, second, after, last)
                        : List.of(first, second, after, last, before))
                .stream().flatMapToLong(part -> part).toArray();
    }

    /**
     * {@return the ids that end a middle, beside the model's own end tokens: of the three special
     * tokens, and of {@code <|fim_pad|>} if there is one}
     */
    static Set<Long> endIds(Tokenizer tokenizer) {
        return List.of(PREFIX, SUFFIX, MIDDLE, PAD).stream()
                .flatMapToLong(token -> tokenizer.id(token).stream())
                .boxed()
                .collect(Collectors.toUnmodifiableSet());
    }

    private static long special(Tokenizer tokenizer, String token) {
        return tokenizer
                .id(token)
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "the tokenizer has no %s: filling a middle takes a model that was trained to, whose tokenizer has %s, %s and %s"
                                                .formatted(token, PREFIX, SUFFIX, MIDDLE)));
    }

    private static long bosId(Tokenizer tokenizer) {
        return tokenizer
                .bosId()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "the tokenizer has no start token (BOS): leave it out of"
                                                + " the prompt"));
    }
}
