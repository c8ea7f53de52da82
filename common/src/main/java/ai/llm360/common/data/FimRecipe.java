package ai.llm360.common.data;

import java.util.Optional;

/**
 * Settings of {@link FillInTheMiddle}, which rearranges a source's training rows.
 *
 * @param rate the part of the documents that is rearranged, above 0 to 1. CrystalCoder: 0.9 in its
 *     second phase, 0.3 in its third
 * @param spmRate the part of those whose suffix comes first; absent for 0.5, as CrystalCoder's
 * @param epochs how often all rows are there, each time rearranged anew; absent for 1.
 *     CrystalCoder: 2 and 3
 * @param prefixToken the token before a prefix; absent for {@code <|fim_prefix|>}
 * @param middleToken the token before a middle; absent for {@code <|fim_middle|>}
 * @param suffixToken the token before a suffix; absent for {@code <|fim_suffix|>}
 * @param padToken the token after the end of what became shorter; absent for {@code <|fim_pad|>}
 */
public record FimRecipe(
        double rate,
        Optional<Double> spmRate,
        Optional<Integer> epochs,
        Optional<String> prefixToken,
        Optional<String> middleToken,
        Optional<String> suffixToken,
        Optional<String> padToken) {

    public FimRecipe {
        DataRecipe.require(rate > 0 && rate <= 1, "rate is above 0, at most 1", rate);
        double suffixFirst = spmRate.orElse(0.0);
        DataRecipe.require(suffixFirst >= 0 && suffixFirst <= 1, "spm_rate is 0 to 1", suffixFirst);
        int times = epochs.orElse(1);
        DataRecipe.require(times >= 1 && times <= 1000, "epochs is 1 to 1000", times);
    }

    /** Returns the number of copies of all rows. */
    int times() {
        return epochs.orElse(1);
    }
}
