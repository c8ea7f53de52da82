package ai.llm360.common.chat;

import ai.llm360.common.tokenizer.Tokenizer;
import java.util.List;
import java.util.Optional;

/** Writes a conversation as the text that a chat model was trained on. */
public interface ChatTemplate {

    /**
     * {@return one of LLM360's own templates}
     *
     * @param name its name: {@code vicuna}, {@code vicuna_legacy}, {@code one_shot}, {@code
     *     amber_safe}, {@code amber_safe_card}, {@code crystalchat}, {@code crystalchat_card}
     * @throws IllegalArgumentException if there is none of that name
     */
    static ChatTemplate named(String name) {
        return PlainTemplate.named(name);
    }

    /** {@return the names of LLM360's own templates} */
    static List<String> names() {
        return PlainTemplate.names();
    }

    /** {@return the name that recipes and the command line know it by, such as {@code vicuna}} */
    String name();

    /**
     * Renders a conversation.
     *
     * @param messages the messages in their order
     * @param answering whether the text ends where the model's next answer begins
     * @return the text, special tokens spelled out
     * @throws IllegalArgumentException if the template has no form for such messages, such as two
     *     of the user's in a row
     */
    String render(List<Message> messages, boolean answering);

    /**
     * Encodes a conversation up to where the model's next answer begins.
     *
     * @param tokenizer the model's tokenizer
     * @param messages the messages, the last one the user's
     * @return the ids, with a BOS token where the template has one; the text of a message never
     *     becomes a special token
     * @throws IllegalArgumentException as {@link #render} does, or if the tokenizer lacks one of
     *     the template's special tokens
     */
    long[] prompt(Tokenizer tokenizer, List<Message> messages);

    /**
     * Encodes a whole conversation for training. Labelled are the tokens that the model is to
     * learn: each that ends behind the mark at which an answer begins, up to and including the
     * token that ends the answer.
     *
     * @param tokenizer the model's tokenizer
     * @param messages the messages; what follows the last answer is read and not learned
     * @return the ids, of any length, and their labels
     * @throws IllegalArgumentException as {@link #prompt} does, or if no model was trained on this
     *     template, which is for prompts alone
     */
    default LabelledIds encode(Tokenizer tokenizer, List<Message> messages) {
        throw new IllegalArgumentException(
                "the template %s is for prompts; train with another one, such as vicuna"
                        .formatted(name()));
    }

    /**
     * {@return the strings at which an answer ends, beside the end token; special tokens are
     * spelled as in the vocabulary}
     */
    List<String> stops();

    /**
     * {@return the same template in Jinja, for other tools, where it has that form; a conversation
     * that {@link #render} refuses raises an exception there}
     */
    default Optional<String> jinja() {
        return Optional.empty();
    }

    /**
     * {@return whether each text behind a special token begins with the tokenizer's space, as
     * {@code legacy} of {@code tokenizer_config.json} says}
     */
    default boolean isLegacy() {
        return true;
    }
}
