package ai.llm360.common.generate;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * A model's answer in a {@link Chat}, made token by token as it is asked for.
 *
 * <p>At its end it has closed itself. Closing it before, also from another thread, ends the answer
 * there: what was made so far is part of the conversation, and {@link #hasNext} is false from then
 * on.
 */
public final class ChatAnswer implements Iterator<GeneratedToken>, AutoCloseable {

    private final Chat chat;
    private final TokenStream tokens;
    private final int forgotten;
    private final StringBuilder text = new StringBuilder();
    private boolean ended;

    ChatAnswer(Chat chat, TokenStream tokens, int forgotten) {
        this.chat = chat;
        this.tokens = tokens;
        this.forgotten = forgotten;
    }

    /**
     * {@return the number of turns that this answer's model no longer reads, since the conversation
     * has grown over its context; those that it read for the answer before}
     */
    public int forgotten() {
        return forgotten;
    }

    /** {@return the answer as far as it was made, without blanks around it} */
    public String text() {
        synchronized (chat) {
            return text.toString().strip();
        }
    }

    /**
     * {@return the reason why the answer ended; empty if it hasn't, or was closed before its end}
     */
    public Optional<FinishReason> reason() {
        synchronized (chat) {
            return tokens.reason();
        }
    }

    /** Returns whether another token comes, making it if need be. */
    @Override
    public boolean hasNext() {
        synchronized (chat) {
            boolean more = false;
            try {
                more = !ended && tokens.hasNext();
            } catch (RuntimeException | Error e) {
                end(false);
                throw e;
            }
            if (!more) {
                end(true);
            }
            return more;
        }
    }

    /** {@inheritDoc} The blanks before an answer's first word are taken off. */
    @Override
    public GeneratedToken next() {
        synchronized (chat) {
            if (!hasNext()) {
                throw new NoSuchElementException("the answer has ended");
            }
            GeneratedToken token = tokens.next();
            String piece = text.isEmpty() ? token.text().stripLeading() : token.text();
            text.append(piece);
            return new GeneratedToken(token.row(), token.id(), token.logProbability(), piece);
        }
    }

    /**
     * Runs to the end.
     *
     * @return the whole answer, without blanks around it
     */
    public String finish() {
        while (hasNext()) {
            next();
        }
        return text();
    }

    /** Ends the answer. */
    @Override
    public void close() {
        synchronized (chat) {
            end(true);
        }
    }

    private void end(boolean sound) {
        if (!ended) {
            ended = true;
            tokens.close();
            chat.answered(text(), sound ? tokens.ids() : new long[0]);
        }
    }
}
