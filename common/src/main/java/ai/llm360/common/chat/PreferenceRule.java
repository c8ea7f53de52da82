package ai.llm360.common.chat;

import ai.llm360.common.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;

/** The rules by which a prompt and its two answers become ids. */
public enum PreferenceRule {

    /**
     * The DPO reference implementation's, by which AmberSafe was trained ({@code
     * tokenize_batch_element}): prompt and answers are encoded each alone, without BOS; an end
     * token follows each answer. If the prompt and the longer answer have too many ids, the prompt
     * is cut to the longest prompt; if that isn't enough, both answers are cut to what is left.
     */
    SEPARATE_NO_BOS,

    /**
     * TRL 1.13's for texts: BOS, and prompt and answer encoded together; the answer begins behind
     * as many ids as the prompt alone has. What is too long is cut at its end, and a pair whose
     * prompt leaves no room for an answer is left out.
     */
    JOINT_BOS;

    /**
     * Two rows of ids.
     *
     * @param chosen the prompt and the better answer, whose ids are labelled
     * @param rejected the prompt and the other answer, likewise
     */
    public record Rows(LabelledIds chosen, LabelledIds rejected) {}

    /** {@return its name in recipes and on the command line, such as {@code joint-bos}} */
    public String label() {
        return Labels.of(this);
    }

    /**
     * {@return the rule of a name}
     *
     * @param label as {@link #label} gives it
     * @throws IllegalArgumentException if there is none
     */
    public static PreferenceRule named(String label) {
        return Labels.named(label, "rule of tokenising preferences", values());
    }

    /**
     * Encodes a pair.
     *
     * @param pair the texts; none of them becomes a special token
     * @param tokenizer the model's tokenizer
     * @param mostIds the ids of a row ({@code max_length})
     * @param mostPromptIds the ids that a prompt is cut to ({@code max_prompt_length}), below the
     *     row's; {@link #JOINT_BOS} doesn't use it
     * @param keepsEnd whether such a prompt keeps its last ids, as the reference does for hh-rlhf,
     *     or its first ones, as for AmberSafe
     * @return the rows, or empty if the rule leaves the pair out
     * @throws IllegalArgumentException if the tokenizer lacks a token that the rule needs
     */
    public Optional<Rows> encode(
            Preference pair,
            Tokenizer tokenizer,
            int mostIds,
            int mostPromptIds,
            boolean keepsEnd) {
        long end = required(tokenizer.eosId(), "end");
        if (this == JOINT_BOS) {
            long begin = required(tokenizer.bosId(), "beginning");
            int prompt = 1 + tokenizer.encodeLiteral(pair.prompt()).length;
            return prompt >= mostIds
                    ? Optional.empty()
                    : Optional.of(
                            new Rows(
                                    joint(
                                                    pair.prompt() + pair.chosen(),
                                                    prompt,
                                                    tokenizer,
                                                    begin,
                                                    end)
                                            .truncate(mostIds),
                                    joint(
                                                    pair.prompt() + pair.rejected(),
                                                    prompt,
                                                    tokenizer,
                                                    begin,
                                                    end)
                                            .truncate(mostIds)));
        }
        long[] prompt = tokenizer.encodeLiteral(pair.prompt());
        long[] chosen = ended(tokenizer.encodeLiteral(pair.chosen()), end);
        long[] rejected = ended(tokenizer.encodeLiteral(pair.rejected()), end);
        int longest = Math.max(chosen.length, rejected.length);
        if (prompt.length + longest > mostIds && prompt.length > mostPromptIds) {
            prompt =
                    keepsEnd
                            ? Arrays.copyOfRange(
                                    prompt, prompt.length - mostPromptIds, prompt.length)
                            : Arrays.copyOf(prompt, mostPromptIds);
        }
        if (prompt.length + longest > mostIds) {
            int room = mostIds - mostPromptIds;
            chosen = Arrays.copyOf(chosen, Math.min(chosen.length, room));
            rejected = Arrays.copyOf(rejected, Math.min(rejected.length, room));
        }
        return Optional.of(new Rows(separate(prompt, chosen), separate(prompt, rejected)));
    }

    private static LabelledIds joint(
            String text, int prompt, Tokenizer tokenizer, long begin, long end) {
        long[] plain = tokenizer.encodeLiteral(text);
        long[] ids = new long[plain.length + 2];
        ids[0] = begin;
        System.arraycopy(plain, 0, ids, 1, plain.length);
        ids[ids.length - 1] = end;
        return labelled(ids, prompt);
    }

    private static LabelledIds separate(long[] prompt, long[] answer) {
        long[] ids = Arrays.copyOf(prompt, prompt.length + answer.length);
        System.arraycopy(answer, 0, ids, prompt.length, answer.length);
        return labelled(ids, prompt.length);
    }

    private static LabelledIds labelled(long[] ids, int from) {
        boolean[] labels = new boolean[ids.length];
        Arrays.fill(labels, Math.min(from, ids.length), ids.length, true);
        return new LabelledIds(ids, labels);
    }

    private static long[] ended(long[] ids, long end) {
        long[] all = Arrays.copyOf(ids, ids.length + 1);
        all[ids.length] = end;
        return all;
    }

    private static long required(OptionalLong id, String name) {
        return id.orElseThrow(
                () ->
                        new IllegalArgumentException(
                                "preferences need the %s token, which this tokenizer lacks; name it in tokenizer_config.json"
                                        .formatted(name)));
    }
}
