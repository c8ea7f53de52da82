package ai.llm360.common.generate;

import ai.llm360.common.chat.ChatTemplate;
import ai.llm360.common.chat.Message;
import ai.llm360.common.chat.Message.Role;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.KvCache;
import ai.llm360.common.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A conversation with a chat model.
 *
 * <pre>{@code
 * GenerationConfig config = GenerationConfig.builder().optMaxNewTokens(256).build();
 * try (Chat chat = new Chat(generator, ChatTemplate.named("vicuna"), config)) {
 *     for (ChatAnswer answer = chat.ask("What is an oak?"); answer.hasNext(); ) {
 *         System.out.print(answer.next().text());
 *     }
 * }
 * }</pre>
 *
 * <p>The keys and values of what the model has read are kept: of a question it reads what is new.
 * Where the conversation outgrows the model's context, the oldest turns are left out, whole, until
 * there is room for an answer of the configured length, or of a quarter of the context; the system
 * message stays.
 *
 * <p>The answers are a function of the messages, the configuration and the number of answers made
 * before since {@link #reset}: that is added to the seed, so that {@link #again} draws anew. All
 * methods may be called by any thread, one at a time; closing waits for the token in progress.
 */
public final class Chat implements AutoCloseable {

    private final TextGenerator generator;
    private final ChatTemplate template;
    private final GenerationConfig config;
    private final List<Message> turns = new ArrayList<>();
    private Optional<Message> system = Optional.empty();
    private String question;
    private boolean kept;
    private ChatAnswer open;
    private long answers;
    private int first;

    private KvCache cache;
    private long[] held = {};
    private boolean closed;

    /**
     * Begins a conversation.
     *
     * @param generator the model, with its tokenizer
     * @param template the template that the model was trained with; its stops end an answer, beside
     *     those of the configuration and the model's end tokens
     * @param config how answers are made
     * @throws IllegalStateException if the model has no tokenizer
     */
    public Chat(TextGenerator generator, ChatTemplate template, GenerationConfig config) {
        this.generator = generator;
        this.template = template;
        this.config = withStops(config);
    }

    private GenerationConfig withStops(GenerationConfig given) {
        Tokenizer tokenizer = generator.tokenizer();
        List<String> stops = new ArrayList<>(given.stop());
        Set<Long> ends = new HashSet<>(given.eosIds());
        if (ends.isEmpty()) {
            ends.addAll(generator.model().eosIds());
        }
        tokenizer.eosId().ifPresent(ends::add);
        for (String stop : template.stops()) {
            OptionalLong id = tokenizer.id(stop);
            if (id.isPresent() && tokenizer.decode(id.getAsLong()).isEmpty()) {
                ends.add(id.getAsLong());
            } else {
                stops.add(stop);
            }
        }
        return given.toBuilder().optStop(stops.toArray(String[]::new)).optEosIds(ends).build();
    }

    /** {@return the template} */
    public ChatTemplate template() {
        return template;
    }

    /** {@return the messages: the system's, if there is one, then questions and answers in turn} */
    public synchronized List<Message> messages() {
        List<Message> messages = new ArrayList<>();
        system.ifPresent(messages::add);
        messages.addAll(turns);
        return List.copyOf(messages);
    }

    /**
     * Goes on from other messages, such as ones that were saved. An answer in progress is dropped.
     *
     * @param messages the system's message first, if there is one, then questions and answers in
     *     turn, the last of them an answer
     * @throws IllegalArgumentException if they aren't so; the conversation is then as before
     */
    public synchronized void setMessages(List<Message> messages) {
        boolean instructed = !messages.isEmpty() && messages.get(0).role() == Role.SYSTEM;
        List<Message> rest = messages.subList(instructed ? 1 : 0, messages.size());
        for (int i = 0; i < rest.size(); i++) {
            Role expected = i % 2 == 0 ? Role.USER : Role.ASSISTANT;
            if (rest.get(i).role() != expected) {
                throw new IllegalArgumentException(
                        "message %d has the role %s where %s should be: questions and answers take turns"
                                .formatted(i + (instructed ? 2 : 1), rest.get(i).role(), expected)
                                .toLowerCase(Locale.ROOT));
            }
        }
        if (rest.size() % 2 != 0) {
            throw new IllegalArgumentException("the last question has no answer");
        }
        reset();
        system = instructed ? Optional.of(messages.get(0)) : Optional.empty();
        turns.addAll(rest);
        kept = !rest.isEmpty();
        question = kept ? rest.get(rest.size() - 2).text() : null;
    }

    /**
     * Sets the instructions that hold for the whole conversation, from the next question on.
     *
     * @param text the instructions; blank for none, or the template's own
     */
    public synchronized void setSystem(String text) {
        closeAnswer();
        system = text.isBlank() ? Optional.empty() : Optional.of(new Message(Role.SYSTEM, text));
    }

    /** Forgets all turns; the system's message stays. */
    public synchronized void reset() {
        closeAnswer();
        turns.clear();
        question = null;
        kept = false;
        answers = 0;
        first = 0;
    }

    /**
     * Asks. An answer in progress is closed first.
     *
     * @param text the question
     * @return the answer, which becomes part of the conversation with its question when it ends;
     *     one that ends without a word doesn't
     * @throws IllegalArgumentException if the question alone doesn't fit the model's context, or
     *     the template has no form for the messages; the conversation is then as before
     * @throws IllegalStateException if the conversation or the model is closed
     */
    public synchronized ChatAnswer ask(String text) {
        closeAnswer();
        if (closed) {
            throw new IllegalStateException("the conversation is closed");
        }
        generator.checkFits(text);
        int before = first;
        turns.add(new Message(Role.USER, text));
        try {
            long[] prompt = prompt();
            GenerationConfig one = config.toBuilder().optSeed(config.seed() + answers).build();
            TokenStream tokens =
                    generator.streamIds(prompt, one, positions -> cacheFor(prompt, positions));
            answers++;
            question = text;
            open = new ChatAnswer(this, tokens, (first - before) / 2);
            return open;
        } catch (RuntimeException | Error e) {
            turns.remove(turns.size() - 1);
            first = before;
            throw e;
        }
    }

    /**
     * Asks the last question again, in place of its answer.
     *
     * @return the new answer
     * @throws IllegalStateException if nothing was asked yet, or the conversation is closed
     */
    public synchronized ChatAnswer again() {
        closeAnswer();
        if (question == null) {
            throw new IllegalStateException("nothing was asked yet");
        }
        List<Message> before = List.copyOf(turns);
        if (kept) {
            turns.subList(turns.size() - 2, turns.size()).clear();
            first = Math.min(first, turns.size());
        }
        try {
            return ask(question);
        } catch (RuntimeException | Error e) {
            turns.clear();
            turns.addAll(before);
            throw e;
        }
    }

    private void closeAnswer() {
        if (open != null) {
            open.close();
        }
    }

    /** Encodes what the model is to read, and leaves out the oldest turns where it is too much. */
    private long[] prompt() {
        int context = generator.model().contextLength();
        int room = context - Math.min(config.maxNewTokens(), context / 4);
        Tokenizer tokenizer = generator.tokenizer();
        while (true) {
            List<Message> heard = new ArrayList<>();
            system.ifPresent(heard::add);
            heard.addAll(turns.subList(first, turns.size()));
            boolean last = first == turns.size() - 1;
            long fewest = heard.stream().mapToLong(m -> tokenizer.fewestTokens(m.text())).sum();
            if (last || fewest <= room) { // else it needn't be encoded
                long[] ids = template.prompt(tokenizer, heard);
                if (last || ids.length <= room) {
                    return ids;
                }
            }
            first += 2;
        }
    }

    /** Returns the cache, with the beginning of a prompt that it holds, and room for positions. */
    private KvCache cacheFor(long[] prompt, int positions) {
        if (generator.model() instanceof CausalDecoder decoder) {
            decoder.requireUnchangedFiles();
        }
        int differs = Arrays.mismatch(held, prompt);
        int common = Math.min(differs < 0 ? held.length : differs, prompt.length - 1);
        held = new long[0]; // until the answer has ended
        if (cache == null) {
            cache = generator.model().newCache(1, positions);
        } else if (cache.capacity() < positions) {
            int context = generator.model().contextLength();
            int capacity = Math.max(positions, Math.min(context, 2 * cache.capacity()));
            KvCache larger = cache.fork(0, common, 1, capacity);
            cache.close();
            cache = larger;
        } else {
            cache.truncate(0, common);
        }
        return cache;
    }

    /**
     * Takes an answer into the conversation.
     *
     * @param ids what was read and made; empty if the cache can't be relied upon
     */
    void answered(String text, long[] ids) {
        open = null;
        kept = !text.isEmpty();
        if (kept) {
            turns.add(new Message(Role.ASSISTANT, text));
        } else {
            turns.remove(turns.size() - 1);
        }
        if (ids.length == 0 || closed) {
            dropCache();
        } else {
            held = Arrays.copyOf(ids, cache.length(0));
        }
    }

    private void dropCache() {
        held = new long[0];
        if (cache != null) {
            cache.close();
            cache = null;
        }
    }

    /** Ends the answer in progress, and frees the cache. */
    @Override
    public synchronized void close() {
        closeAnswer();
        closed = true;
        dropCache();
    }
}
