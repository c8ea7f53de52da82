package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.common.torch.TorchScript;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A decoder-only language model: token ids in, scores of the next token out.
 *
 * <p>What generation and scoring need to know of a model. Implementations may be called from
 * several threads at once, each with its own cache.
 */
public interface CausalLanguageModel {

    /** Returns the number of tokens that the model scores (V). */
    int vocabularySize();

    /** Returns the largest number of positions that the model was made for. */
    int contextLength();

    /** Returns the tokens with which the model ends a text. */
    Set<Long> eosIds();

    /**
     * Runs a step during which the model's memory stays: whoever closes the model meanwhile waits.
     * The model's pages are called in such steps only. They should be short, and may be nested.
     *
     * @throws IllegalStateException if the model is closed
     */
    <T> T whileOpen(Supplier<T> step);

    /**
     * Makes a manager on the model's device, for one request's arrays. It and what is attached to
     * it outlive the model.
     *
     * @return the manager, the caller's to close
     * @throws IllegalStateException if the model is closed, as from every method below
     */
    NDManager newRequestManager();

    /**
     * Compiles a page on the model's device, once: a page of the same text is the same page. It is
     * closed with the model.
     */
    TorchScript page(String source);

    /**
     * Makes an empty cache of keys and values.
     *
     * @param rows the number of sequences
     * @param capacity the number of positions that each sequence may grow to
     * @return the cache, the caller's to close
     * @throws IllegalArgumentException if the capacity is beyond the model's context length
     */
    KvCache newCache(int rows, int capacity);

    /**
     * Appends tokens to cached sequences and scores what comes next.
     *
     * <p>On a CPU rows are computed as {@link Batching#EXACT} says, on a GPU as {@link
     * Batching#PADDED}.
     *
     * @param manager the manager that the result is attached to
     * @param slots the cache rows to continue, each once (R of them)
     * @param ids one or more tokens for each of those rows
     * @return the float32 logits that follow each row's last token: (R, V)
     * @throws IllegalArgumentException if a token is outside the vocabulary, the cache is full, or
     *     it is another model's
     */
    NDArray advance(NDManager manager, KvCache cache, int[] slots, long[][] ids);

    /**
     * Scores labels at positions of whole rows, without a cache. Memory doesn't grow with the
     * vocabulary: the logits of 256 positions are held at a time.
     *
     * @param rows the rows, of any lengths, with their labels
     * @param batching how rows are computed together on a CPU; padded, all of them are in one pass,
     *     so the caller divides what doesn't fit
     * @return the scores of each row's labels, NaN where the logits aren't finite
     * @throws IllegalArgumentException if a token or label is outside the vocabulary, or a row is
     *     beyond the context length
     */
    List<LabelScores> score(List<LabelledRow> rows, Batching batching);

    /**
     * Appends tokens to cached sequences, and scores labels at their positions.
     *
     * @param slots the cache rows to continue, each once
     * @param rows the tokens for each of those rows, with their labels; the last token of a prompt
     *     belongs to them, since what follows it is scored from its state
     * @return the scores of each row's labels
     * @throws IllegalArgumentException if a token or label is outside the vocabulary, the cache is
     *     full, or it is another model's
     */
    List<LabelScores> score(KvCache cache, int[] slots, List<LabelledRow> rows, Batching batching);

    /**
     * Scores every position of whole sequences, without a cache.
     *
     * @param manager the manager that the result is attached to
     * @param ids sequences of one length: (B, T)
     * @return the float32 logits that follow each position: (B, T, V)
     * @throws IllegalArgumentException if a token is outside the vocabulary or T is beyond the
     *     context length
     */
    NDArray logits(NDManager manager, long[][] ids);

    /**
     * Looks for the reason of logits that aren't finite, in one pass over a sequence.
     *
     * @return what first gives NaN or an infinite number, such as {@code layer 3 of 0 to 31}; empty
     *     if nothing before the head does
     */
    Optional<String> firstNotFinite(long[] ids);
}
