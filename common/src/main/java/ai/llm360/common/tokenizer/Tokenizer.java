package ai.llm360.common.tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * Turns text into token ids and ids into text.
 *
 * <p>DJL's {@link ai.djl.modality.nlp.preprocess.Tokenizer} splits text into strings; this one
 * speaks ids, which is what a language model reads and writes. It never truncates or pads, adds a
 * beginning or end only when asked to, and can decode a growing text piece by piece.
 *
 * <p>A tokenizer may be used from several threads at once. It may hold native memory until {@link
 * #close}, which then waits for calls in progress; encoding, decoding or streaming after that
 * throws {@link IllegalStateException}.
 *
 * <p>Byte-pair encoding is supported, in the kinds that LLaMA, GPT-2 and Llama 3 have, which are
 * computed in Java, and with some other components of a {@code tokenizer.json}, which a native
 * library computes. A file with anything else is refused by name.
 *
 * <p>Text that spells a special token ({@code "</s>"}) becomes that token's id with a {@code
 * tokenizer.json}, and plain text with a {@code tokenizer.model}: each file's own rule, which the
 * published models were trained under. {@link #encodeLiteral} makes plain text of it with either.
 * An unpaired surrogate is read as U+FFFD.
 */
public sealed interface Tokenizer extends AutoCloseable permits VocabularyTokenizer {

    /**
     * Opens a tokenizer.
     *
     * @param path a directory with {@code tokenizer.json} (preferred) or {@code tokenizer.model},
     *     or such a file itself; {@code tokenizer_config.json} and {@code special_tokens_map.json}
     *     beside it are read where present
     * @throws TokenizerException if no such file is there, or it can't be used
     */
    static Tokenizer open(Path path) throws IOException {
        return TokenizerFiles.find(path).open();
    }

    /**
     * {@return the file that {@link #open} reads}
     *
     * @throws TokenizerException if no such file is there
     */
    static Path file(Path path) throws TokenizerException {
        return TokenizerFiles.find(path).file();
    }

    /** Tells whether a directory has a tokenizer. */
    static boolean isIn(Path directory) {
        return TokenizerFiles.in(directory).isPresent();
    }

    /**
     * Copies a tokenizer's files into an existing directory without one, so that {@link #open}
     * finds it there: the file that it would read, and the settings beside it.
     *
     * @throws TokenizerException if no such file is there
     */
    static void copy(Path path, Path directory) throws IOException {
        TokenizerFiles.find(path).copyInto(directory);
    }

    /** Encodes text alone, with no beginning or end token. */
    long[] encode(String text);

    /**
     * {@return the ids of a text in which no special token is recognised, such as a stranger's
     * words that are to stand within a chat template}
     */
    long[] encodeLiteral(String text);

    /**
     * Encodes text that stands behind other tokens, such as an end token: as {@link
     * #encodeLiteral}, but no space is put before it. SentencePiece's {@code legacy: false} of
     * Hugging Face's tokenizers is this rule for all text but the first.
     *
     * @return its ids, none of them special
     * @throws IllegalArgumentException if this kind of tokenizer can't leave the space out
     */
    long[] encodeContinuation(String text);

    /**
     * {@return the number of UTF-8 bytes of text that a token stands for; 0 for a special token}
     *
     * @param id the token's id
     * @throws IllegalArgumentException if it is negative
     */
    int textBytes(long id);

    /**
     * {@return the UTF-8 bytes of text that a token stands for, perhaps a part of a character; none
     * for a special token, nor for an id that no token has}
     *
     * @param id the token's id
     * @throws IllegalArgumentException if it is negative
     */
    byte[] bytes(long id);

    /**
     * {@return an encoder for many texts, of one thread's own, which gives the ids of {@link
     * #encodeLiteral}; usable until this tokenizer is closed}
     */
    BulkEncoder bulkEncoder();

    /**
     * Encodes text, with or without the beginning and end tokens.
     *
     * @throws IllegalArgumentException if the tokenizer has no such token
     */
    long[] encode(String text, boolean bos, boolean eos);

    /**
     * Encodes a prompt the way the model was published to be prompted: with a beginning token if
     * {@link #addsBos} says so, and never an end token.
     */
    long[] encodePrompt(String text);

    /**
     * {@return a lower bound of the tokens of a text, without encoding it: each token spells a
     * limited number of bytes; 0 where none is known} The text is only measured, so this takes no
     * time.
     */
    long fewestTokens(String text);

    /**
     * {@return whether {@link #encodePrompt} begins with the BOS token: {@code add_bos_token} of
     * {@code tokenizer_config.json}; without it, what the post-processor of {@code tokenizer.json}
     * does; for a {@code tokenizer.model}, LLaMA's default, true}
     */
    boolean addsBos();

    /**
     * Decodes ids to text.
     *
     * <p>Special tokens and the unknown token add nothing. The one space that SentencePiece puts
     * before a text is taken off. Each byte that is part of no valid UTF-8 character becomes
     * U+FFFD, as in SentencePiece; with a byte-level vocabulary, each run of such bytes, as in
     * Hugging Face's library.
     *
     * @throws IllegalArgumentException if no token has an id
     */
    String decode(long... ids);

    /**
     * Decodes ids to text as {@link #decode} does, but spells special tokens out, {@code <s>} and
     * its like.
     */
    String decodeVerbatim(long... ids);

    /** Starts decoding a text token by token. */
    default StreamingDecoder stream() {
        return stream(new long[0]);
    }

    /**
     * Starts decoding a continuation of ids that come before, such as the prompt, so that {@code
     * decode(context)} followed by what is streamed is the decoded whole.
     *
     * <p>Should the context end within a character, the stream completes that character.
     */
    StreamingDecoder stream(long... contextIds);

    /** {@return the number of ids, counting added tokens: the highest id plus one} */
    int vocabularySize();

    /**
     * {@return a token as the vocabulary spells it, such as {@code ▁Hello} or {@code <0x0A>}}
     *
     * @throws IllegalArgumentException if no token has this id
     */
    String token(long id);

    /**
     * {@return the id of a token, spelled as in the vocabulary, such as {@code <|im_start|>}; empty
     * if it lacks it}
     */
    OptionalLong id(String token);

    /** {@return the beginning-of-sequence id, if there is one} */
    OptionalLong bosId();

    /** {@return the end-of-sequence id, if there is one} */
    OptionalLong eosId();

    /** {@return the id that stands for what the vocabulary can't spell, if there is one} */
    OptionalLong unknownId();

    /** Frees the native memory. Closing twice does nothing. */
    @Override
    void close();
}
