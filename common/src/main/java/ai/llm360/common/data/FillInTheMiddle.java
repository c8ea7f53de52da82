package ai.llm360.common.data;

import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.io.internal.Hashes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;

/**
 * Rearranges rows so that a model learns to fill in the middle of a text: CrystalCoder's way
 * ({@code fim_hdf5_stage2.py}, after Bavarian et al. 2022).
 *
 * <p>The T inputs of a row are parted at the end tokens. With the probability {@code rate} a part
 * is decoded, special tokens spelled out, and cut at two places drawn from all between its
 * characters and at its ends; the three pieces are encoded each by itself, so that each gains the
 * tokenizer's leading space, and put in one of two orders, where angle brackets are the special
 * tokens:
 *
 * <pre>
 * PSM  &lt;prefix&gt; prefix &lt;suffix&gt; suffix &lt;middle&gt; middle
 * SPM  &lt;prefix&gt; &lt;suffix&gt; suffix &lt;middle&gt; prefix middle    with the probability spm_rate
 * </pre>
 *
 * <p>Empty parts vanish with their end token, but for the last one, which may be drawn as any
 * other: so do the original's. The parts are joined by the end token, and cut or padded to what the
 * row was.
 *
 * <p>The original keeps inputs and labels apart: its labels are the inputs shifted left with an end
 * token after the last one, cut or padded like the inputs, and the mask becomes 0 on what was
 * padded. A row of ours is T+1 ids, of which the label at t is the id at t+1. So the end token that
 * is the last label also stands where the original's first padded input does; the prediction from
 * there is masked and no earlier one sees it, so the loss is the same.
 *
 * <p>As special tokens are read from the text again, {@code </s>} that a document spells becomes
 * the token, and a cut may go through the text of a special token: as in the original. A cut never
 * parts a surrogate pair.
 *
 * <p>What is drawn depends on seed, source, epoch and row only. May be used from several threads at
 * once, as long as the tokenizer is open.
 */
public final class FillInTheMiddle {

    private final Tokenizer tokenizer;
    private final FimRecipe recipe;
    private final double spmRate;
    private final long seed;
    private final long end;
    private final long prefix;
    private final long middle;
    private final long suffix;
    private final long pad;

    /**
     * Creates the transformation for a tokenizer's rows; the seed is that of all draws.
     *
     * @throws IllegalArgumentException if the tokenizer lacks a special or end token
     */
    public FillInTheMiddle(Tokenizer tokenizer, FimRecipe recipe, long seed) {
        this.tokenizer = tokenizer;
        this.recipe = recipe;
        this.seed = seed;
        spmRate = recipe.spmRate().orElse(0.5);
        end =
                present(
                        tokenizer.eosId(),
                        "fim parts rows at end tokens, and the tokenizer has none; name one as"
                                + " eos_token in tokenizer_config.json beside it");
        prefix = id("prefix_token", recipe.prefixToken().orElse("<|fim_prefix|>"));
        middle = id("middle_token", recipe.middleToken().orElse("<|fim_middle|>"));
        suffix = id("suffix_token", recipe.suffixToken().orElse("<|fim_suffix|>"));
        pad = id("pad_token", recipe.padToken().orElse("<|fim_pad|>"));
    }

    private long id(String key, String token) {
        String problem =
                "fim needs the token '%s', which the tokenizer lacks; name the tokenizer's own by"
                        + " fim's %s, or take a tokenizer that has it";
        return present(tokenizer.id(token), problem.formatted(token, key));
    }

    private static long present(OptionalLong id, String problem) {
        return id.orElseThrow(() -> new IllegalArgumentException(problem));
    }

    /**
     * Rearranges a row.
     *
     * @param epoch how often the source's rows have been gone through before, from 0
     * @param row its number in the source, from 0
     * @param ids its T+1 ids, replaced by those of the new row; the last one, a label only, is not
     *     used
     * @param mask its T values, which become 0 from the padding on and stay what they are before
     */
    public void apply(String source, int epoch, long row, long[] ids, float[] mask) {
        Random random = random(source, epoch, row);
        List<long[]> parts = new ArrayList<>();
        int inputs = ids.length - 1;
        int start = 0;
        for (int i = 0; i < inputs; i++) {
            if (ids[i] == end) {
                if (i > start) {
                    parts.add(rearranged(Arrays.copyOfRange(ids, start, i), random));
                    parts.add(new long[] {end});
                }
                start = i + 1;
            }
        }
        parts.add(rearranged(Arrays.copyOfRange(ids, start, inputs), random));
        parts.add(new long[] {end}); // the last label
        long[] joined = concatenated(parts);
        int kept = Math.min(joined.length, ids.length);
        System.arraycopy(joined, 0, ids, 0, kept);
        Arrays.fill(ids, kept, ids.length, pad);
        Arrays.fill(mask, kept - 1, mask.length, 0);
    }

    private long[] rearranged(long[] part, Random random) {
        if (random.nextDouble() >= recipe.rate()) {
            return part;
        }
        String text = tokenizer.decodeVerbatim(part);
        int first = cut(text, random);
        int second = cut(text, random);
        long[] before = tokenizer.encode(text.substring(0, Math.min(first, second)));
        long[] between =
                tokenizer.encode(text.substring(Math.min(first, second), Math.max(first, second)));
        long[] after = tokenizer.encode(text.substring(Math.max(first, second)));
        return random.nextDouble() < spmRate
                ? concatenated(
                        List.of(
                                new long[] {prefix, suffix},
                                after,
                                new long[] {middle},
                                before,
                                between))
                : concatenated(
                        List.of(
                                new long[] {prefix},
                                before,
                                new long[] {suffix},
                                after,
                                new long[] {middle},
                                between));
    }

    /** Draws one of the places between characters, both ends included. */
    private static int cut(String text, Random random) {
        int characters = text.codePointCount(0, text.length());
        return text.offsetByCodePoints(0, random.nextInt(characters + 1));
    }

    private static long[] concatenated(List<long[]> parts) {
        return parts.stream().flatMapToLong(Arrays::stream).toArray();
    }

    /** {@link Random}'s sequence is specified, so it is the same with every Java. */
    private Random random(String source, int epoch, long row) {
        MessageDigest digest = Hashes.sha256();
        digest.update(source.getBytes(StandardCharsets.UTF_8));
        ByteBuffer numbers = ByteBuffer.allocate(2 * Long.BYTES + Integer.BYTES);
        digest.update(numbers.putLong(seed).putLong(row).putInt(epoch).array());
        return new Random(ByteBuffer.wrap(digest.digest()).getLong());
    }
}
