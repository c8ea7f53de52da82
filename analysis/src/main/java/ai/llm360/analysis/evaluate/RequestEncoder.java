package ai.llm360.analysis.evaluate;

import ai.llm360.analysis.task.Profile;
import ai.llm360.analysis.task.PythonText;
import ai.llm360.analysis.task.Request;
import ai.llm360.common.model.LabelledRow;
import ai.llm360.common.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Makes rows of tokens of requests, by the rules of lm-evaluation-harness. */
final class RequestEncoder {

    private final Tokenizer tokenizer;
    private final int maxLength;
    private final boolean bos;
    private final long prefix;

    /**
     * Creates an encoder.
     *
     * @param maxLength the number of tokens that the model reads at most (L)
     * @param profile whether BOS comes first, and what stands for an empty context: BOS, or in the
     *     older rules, which know no BOS, the end token
     * @throws IllegalArgumentException if the tokenizer has neither token
     */
    RequestEncoder(Tokenizer tokenizer, int maxLength, Profile profile) {
        this.tokenizer = tokenizer;
        this.maxLength = maxLength;
        boolean today = profile == Profile.LM_EVAL_0_4_13;
        bos = today && tokenizer.addsBos();
        prefix =
                (today && tokenizer.bosId().isPresent() ? tokenizer.bosId() : tokenizer.eosId())
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                "the tokenizer has neither a start nor an end"
                                                        + " token"));
    }

    /**
     * Encodes context and continuation together. The continuation's tokens are those behind as many
     * as the context alone has; white space at the context's end is the continuation's. Of more
     * than L + 1 tokens the first are cut off.
     *
     * @return a row whose labels are the continuation
     * @throws IllegalArgumentException if the continuation adds no token
     */
    LabelledRow pair(Request.LogLikelihood pair) {
        String stripped = PythonText.rstrip(pair.context());
        String continuation = pair.context().substring(stripped.length()) + pair.continuation();
        long[] all;
        int labels;
        if (stripped.isEmpty()) {
            long[] after = tokenizer.encode(continuation);
            boolean begun = after.length > 0 && after[0] == prefix;
            all = begun ? after : LongStream.concat(LongStream.of(prefix), of(after)).toArray();
            labels = all.length - 1;
        } else {
            all = tokens(stripped + continuation);
            labels = all.length - tokens(stripped).length;
        }
        if (labels < 1) {
            throw new IllegalArgumentException(
                    "the continuation '%s' adds no token to its context"
                            .formatted(pair.continuation()));
        }
        long[] kept = Arrays.copyOfRange(all, Math.max(0, all.length - maxLength - 1), all.length);
        return lastOf(kept, Math.min(labels, kept.length - 1));
    }

    private static LongStream of(long[] ids) {
        return LongStream.of(ids);
    }

    /** Returns a row of all tokens but the last one, with the last ones as labels. */
    private static LabelledRow lastOf(long[] ids, int labels) {
        int first = ids.length - 1 - labels;
        return new LabelledRow(
                Arrays.copyOf(ids, ids.length - 1),
                IntStream.range(first, ids.length - 1).toArray(),
                Arrays.copyOfRange(ids, first + 1, ids.length));
    }

    private long[] tokens(String text) {
        boolean begun = bos && text.startsWith(tokenizer.token(tokenizer.bosId().getAsLong()));
        return bos && !begun ? tokenizer.encode(text, true, false) : tokenizer.encode(text);
    }

    /**
     * Encodes a whole text in windows of L tokens, each token scored once. The first window begins
     * with the prefix token. A later one sees a single token before those that it scores, but the
     * last one, which is shorter, as many as fit.
     */
    List<LabelledRow> windows(Request.Rolling rolling) {
        long[] ids = LongStream.concat(LongStream.of(prefix), of(tokens(rolling.text()))).toArray();
        List<LabelledRow> windows = new ArrayList<>();
        for (int done = 1; done < ids.length; ) {
            int scored = Math.min(ids.length - done, maxLength);
            int end = done + scored;
            // The prefix token is no token of the text: later windows begin behind it.
            int from = done == 1 ? 0 : end - maxLength - 1;
            windows.add(lastOf(Arrays.copyOfRange(ids, from, end), scored));
            done = end;
        }
        return windows;
    }

    /**
     * Encodes a prompt. Of more tokens than leave room for the answer the first are cut off.
     *
     * @return at least one token
     */
    long[] prompt(Request.Generation generation) {
        long[] ids = tokens(generation.context());
        int room = Math.max(1, maxLength - generation.maxTokens());
        return ids.length == 0
                ? new long[] {prefix}
                : Arrays.copyOfRange(ids, Math.max(0, ids.length - room), ids.length);
    }
}
