package ai.llm360.common.data;

import ai.llm360.common.chat.PreferenceFormat;
import ai.llm360.common.chat.PreferenceRule;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The rules by which preferences become rows.
 *
 * @param format the files' format; if empty, the fields of each file's first record say it
 * @param rule how texts become ids
 * @param mostPromptIds the ids that a prompt is cut to where it and its answers don't fit ({@code
 *     max_prompt_length}); {@link PreferenceRule#JOINT_BOS} doesn't use it
 * @param keepsPromptEnd whether such a prompt keeps its last ids, or its first ones
 * @param targets whether rows are made of one answer a prompt alone, the last one chosen: what
 *     AmberSafe's first stage was trained on ({@code sft_target})
 */
public record PreferenceRules(
        Optional<PreferenceFormat> format,
        PreferenceRule rule,
        int mostPromptIds,
        boolean keepsPromptEnd,
        boolean targets)
        implements ChatRules {

    /** Checks what was given. */
    public PreferenceRules {
        Objects.requireNonNull(format, "format");
        Objects.requireNonNull(rule, "rule");
        if (mostPromptIds < 1) {
            throw new IllegalArgumentException(
                    "a prompt is cut to 1 id or more, not " + mostPromptIds);
        }
    }

    /** {@return AmberSafe's rules: prompts of 256 ids, of which the first are kept} */
    public static PreferenceRules amberSafe() {
        return new PreferenceRules(
                Optional.empty(), PreferenceRule.SEPARATE_NO_BOS, 256, false, false);
    }

    /** {@return the same rules, for the chosen answers alone} */
    public PreferenceRules ofTargets() {
        return new PreferenceRules(format, rule, mostPromptIds, keepsPromptEnd, true);
    }

    @Override
    public String kind() {
        return targets ? "targets" : "preferences";
    }

    @Override
    public Map<String, String> describe() {
        Map<String, String> rules = new LinkedHashMap<>();
        rules.put("format", format.map(PreferenceFormat::label).orElse("by fields"));
        rules.put("tokenise", rule.label());
        rules.put("max_prompt_length", Integer.toString(mostPromptIds));
        rules.put("prompt_keeps", keepsPromptEnd ? "end" : "start");
        return rules;
    }
}
