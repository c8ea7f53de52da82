package ai.llm360.zoo.reproduce;

import ai.llm360.common.chat.ChatMask;
import ai.llm360.common.chat.ChatSplit;
import ai.llm360.common.chat.ChatTemplate;
import ai.llm360.common.chat.ConversationFormat;
import ai.llm360.common.chat.Packing;
import ai.llm360.common.chat.PreferenceFormat;
import ai.llm360.common.chat.PreferenceRule;
import ai.llm360.common.data.ChatRules;
import ai.llm360.common.data.ConversationRules;
import ai.llm360.common.data.PreferenceRules;
import ai.llm360.common.data.QuestionRecipe;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Says how the rows of a fine-tuning are made: the part {@code prepare} of a recipe that has a
 * {@code kind}.
 *
 * @param kind what is made
 * @param files files, or globs of files in a directory; if there are any, sources don't count
 * @param sources what conversations are made of where there are no files of them
 * @param turns the questions of a conversation that is made of sources
 * @param rounds how often each document of the sources is asked about
 * @param format the files' format; absent for what their first records' fields say
 * @param tokenizer the tokenizer's file or directory, or a model
 * @param template the template of conversations
 * @param mask the tokens of conversations that are learnt
 * @param split what becomes of a conversation that is longer than a row
 * @param packing how conversations are put into rows
 * @param tokenise how preferences become ids
 * @param maxPromptLength the ids that a prompt of preferences is cut to where its answers don't fit
 * @param promptKeeps which of its ids such a prompt keeps
 * @param rowLength the ids of a row: positions and one more
 * @param heldOut the fraction of conversations, or of prompts, that is held out for validation
 * @param seed decides which are held out
 */
record ConversationRecipe(
        Kind kind,
        List<String> files,
        List<QuestionRecipe.Source> sources,
        int turns,
        int rounds,
        Optional<String> format,
        String tokenizer,
        String template,
        ChatMask mask,
        ChatSplit split,
        Packing packing,
        PreferenceRule tokenise,
        int maxPromptLength,
        Keeps promptKeeps,
        int rowLength,
        double heldOut,
        long seed) {

    /** Checks what was given. */
    ConversationRecipe {
        if (kind != null && files.isEmpty()) { // the defaults have none
            if (sources.isEmpty()) {
                throw new IllegalArgumentException(
                        "files or sources says what rows are made of, not neither");
            }
            if (kind != Kind.CONVERSATIONS) {
                throw new IllegalArgumentException(
                        "sources make conversations; for %s give files"
                                .formatted(kind.toString().toLowerCase(Locale.ROOT)));
            }
        }
    }

    /**
     * Checks what names mean.
     *
     * @throws IllegalArgumentException as {@link #rules} does
     */
    void check() {
        rules();
        if (files.isEmpty()) {
            questions();
        }
    }

    /** {@return the questions of the sources} */
    QuestionRecipe questions() {
        return new QuestionRecipe(sources, turns, rounds);
    }

    /** Names what is made. */
    enum Kind {
        /** A conversation a row, or parts of it, or several. */
        CONVERSATIONS,
        /** Pairs of rows: a prompt with the chosen answer, and with the rejected one. */
        PREFERENCES,
        /** A prompt with its chosen answer, for the stage before preferences. */
        TARGETS
    }

    /** Names an end of a prompt. */
    enum Keeps {
        /** The first ids. */
        START,
        /** The last ones. */
        END
    }

    /** The defaults; a part that has none is null. */
    static final ConversationRecipe DEFAULTS =
            new ConversationRecipe(
                    null,
                    List.of(),
                    List.of(),
                    1,
                    1,
                    Optional.empty(),
                    null,
                    "vicuna",
                    ChatMask.EXACT,
                    ChatSplit.PAIRS,
                    Packing.NONE,
                    PreferenceRule.JOINT_BOS,
                    256,
                    Keeps.START,
                    2049,
                    0,
                    0);

    /**
     * Returns the rules that rows are made by.
     *
     * @throws IllegalArgumentException if there is no such format or template
     */
    ChatRules rules() {
        if (kind == Kind.CONVERSATIONS) {
            return new ConversationRules(
                    format.map(ConversationFormat::named),
                    ChatTemplate.named(template),
                    mask,
                    split,
                    packing);
        }
        return new PreferenceRules(
                format.map(PreferenceFormat::named),
                tokenise,
                maxPromptLength,
                promptKeeps == Keeps.END,
                kind == Kind.TARGETS);
    }
}
