package ai.llm360.common.train;

import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.model.CausalDecoder;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Compares the tokens that end a text for a model with those that its training data holds: one that
 * it never sees is one that it never learns to write, and its generation ends at no place of its
 * own.
 */
public final class EndTokens {

    /** 512 of Amber's rows, some hundred documents. */
    private static final long IDS_SEARCHED = 1 << 20;

    private EndTokens() {}

    /**
     * Returns a warning where a model's end token isn't among the data's.
     *
     * @param decoder the model, which needs no weights
     * @return what is wrong and what to do; empty if nothing is, or the model names no end token
     * @throws IOException if the rows have to be searched and can't be read
     */
    public static Optional<String> warning(CausalDecoder decoder, TokenDataset data)
            throws IOException {
        Set<Long> ends = decoder.eosIds();
        long end = data.manifest().eosId();
        if (ends.isEmpty() || ends.contains(end)) {
            return Optional.empty();
        }
        String named = ends.size() == 1 ? ends.iterator().next() + "" : new TreeSet<>(ends) + "";
        if (end >= 0) {
            return Optional.of(
                    ("the model's eos_token_id is %s, but the data's documents end with %d: the"
                         + " model won't learn to end a text; set model.eos_token_id=%d, or prepare"
                         + " the data with the model's tokenizer")
                            .formatted(named, end, end));
        }
        long rows = IDS_SEARCHED / data.manifest().rowLength() + 1;
        return data.holdsAnyOf(ends, rows)
                ? Optional.empty()
                : Optional.of(
                        ("the model's eos_token_id is %s, which isn't in the data's first %d rows:"
                             + " the model won't learn to end a text; see that model.eos_token_id"
                             + " is the data's")
                                .formatted(
                                        named,
                                        Math.min(rows, data.manifest().rowsPerChunk().get(0))));
    }
}
