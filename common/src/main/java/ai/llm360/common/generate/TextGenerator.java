package ai.llm360.common.generate;

import ai.llm360.common.model.Batching;
import ai.llm360.common.model.CausalLanguageModel;
import ai.llm360.common.model.KvCache;
import ai.llm360.common.model.LabelScores;
import ai.llm360.common.model.LabelledRow;
import ai.llm360.common.tokenizer.StreamingDecoder;
import ai.llm360.common.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * Continues texts, fills gaps in them, and scores them with a language model.
 *
 * <p>It holds nothing of its own, so there is nothing to close; it may be used from several threads
 * at once. What is given as text fails with an {@link IllegalStateException} where the model has no
 * tokenizer, and what doesn't fit the model's context with an {@link IllegalArgumentException}.
 */
public final class TextGenerator {

    private final CausalLanguageModel model;
    private final Optional<Tokenizer> tokenizer;

    /**
     * Creates a generator.
     *
     * @param tokenizer its tokenizer, absent for a model that is used by token ids alone
     */
    public TextGenerator(CausalLanguageModel model, Optional<Tokenizer> tokenizer) {
        this.model = model;
        this.tokenizer = tokenizer;
    }

    /** Returns the model. */
    public CausalLanguageModel model() {
        return model;
    }

    /** Returns whether there is a tokenizer; without one, the model is used by ids alone. */
    public boolean hasTokenizer() {
        return tokenizer.isPresent();
    }

    /**
     * Returns the tokenizer.
     *
     * @throws IllegalStateException if the model has none
     */
    public Tokenizer tokenizer() {
        return tokenizer.orElseThrow(
                () ->
                        new IllegalStateException(
                                "this model has no tokenizer beside it, so it can't read text: put"
                                        + " its tokenizer.json or tokenizer.model into its"
                                        + " directory, or give token ids"));
    }

    /**
     * Encodes a prompt as {@link Tokenizer#encodePrompt} does, unless it is so long that it can't
     * fit: that is told before it is encoded.
     *
     * @throws IllegalStateException if the model has no tokenizer
     */
    public long[] encodePrompt(String prompt) {
        checkFits(prompt);
        return tokenizer().encodePrompt(prompt);
    }

    /** Tells of a text that can't fit the context, before it is encoded. */
    void checkFits(String text) {
        long fewest = tokenizer().fewestTokens(text);
        if (fewest > model.contextLength()) {
            throw new IllegalArgumentException(
                    "a text of %d characters, which has at least %d tokens, doesn't fit: the model's context length is %d"
                            .formatted(text.length(), fewest, model.contextLength()));
        }
    }

    /** Continues a text. */
    public Generation generate(String prompt, GenerationConfig config) {
        return generateIds(List.of(encodePrompt(prompt)), config).get(0);
    }

    /**
     * Continues several texts together.
     *
     * @param prompts the texts, of any lengths
     * @return the continuations in the prompts' order
     */
    public List<Generation> generate(List<String> prompts, GenerationConfig config) {
        return generateIds(prompts.stream().map(this::encodePrompt).toList(), config);
    }

    /**
     * Continues several sequences of tokens together.
     *
     * @param prompts the sequences, of any lengths, used as they are: no start token is added
     * @return the continuations in the prompts' order
     * @throws IllegalArgumentException if a prompt is empty, or an id, also one of the
     *     configuration's end tokens, is outside the model's vocabulary
     */
    public List<Generation> generateIds(List<long[]> prompts, GenerationConfig config) {
        try (TokenStream stream = streamIds(prompts, config)) {
            return stream.finish();
        }
    }

    /**
     * Continues a text token by token.
     *
     * @return the tokens, the caller's to close
     */
    public TokenStream stream(String prompt, GenerationConfig config) {
        return streamIds(List.of(encodePrompt(prompt)), config);
    }

    /**
     * Continues several sequences of tokens together, token by token.
     *
     * @param prompts the sequences, of any lengths, used as they are: no start token is added
     * @return the tokens, the caller's to close
     * @throws IllegalArgumentException if a prompt is empty, an id, also one of the configuration's
     *     end tokens, is outside the model's vocabulary, or stop strings are given but there is no
     *     tokenizer to find them with
     */
    public TokenStream streamIds(List<long[]> prompts, GenerationConfig config) {
        if (prompts.isEmpty()) {
            throw new IllegalArgumentException("there is no prompt to continue");
        }
        return new TokenStream(model, config, rows(prompts, config));
    }

    /**
     * Continues a sequence of tokens of which a cache may hold a beginning already.
     *
     * @param cache gives a cache of one row, which stays the caller's, with room for a number of
     *     positions; it holds fewer than the prompt has
     */
    TokenStream streamIds(long[] prompt, GenerationConfig config, IntFunction<KvCache> cache) {
        List<Continuation> rows = rows(List.of(prompt), config);
        KvCache lent = cache.apply(rows.get(0).positions());
        return new TokenStream(model, config, rows, Optional.of(lent));
    }

    private List<Continuation> rows(List<long[]> prompts, GenerationConfig config) {
        if (!config.stop().isEmpty() && tokenizer.isEmpty()) {
            throw new IllegalArgumentException(
                    "stop strings need a tokenizer, and this model has none beside it");
        }
        List<Continuation> rows = new ArrayList<>();
        for (long[] prompt : prompts) {
            checkIds(prompt); // before the decoder reads them
            rows.add(
                    continuation(
                            rows.size(),
                            prompt,
                            config,
                            eosIds(config),
                            tokenizer.map(t -> t.stream(prompt))));
        }
        return rows;
    }

    /**
     * Fills a gap.
     *
     * @param prompt what stands before and after the gap
     * @param config how; beside the end tokens, each special token of {@link InfillPrompt} ends it
     * @throws IllegalArgumentException if the tokenizer lacks the special tokens
     */
    public Generation infill(InfillPrompt prompt, GenerationConfig config) {
        try (TokenStream stream = streamInfill(prompt, config)) {
            return stream.finish().get(0);
        }
    }

    /**
     * Fills a gap token by token.
     *
     * @param prompt what stands before and after the gap
     * @param config how, as there
     * @return the tokens of the middle, the caller's to close
     * @throws IllegalArgumentException if the tokenizer lacks the special tokens
     */
    public TokenStream streamInfill(InfillPrompt prompt, GenerationConfig config) {
        checkFits(prompt.prefix());
        checkFits(prompt.suffix());
        Set<Long> ends = new HashSet<>(eosIds(config));
        ends.addAll(InfillPrompt.endIds(tokenizer()));
        // The middle is a text of its own: its leading space is the encoder's.
        StreamingDecoder decoder = tokenizer().stream();
        Continuation row =
                continuation(0, prompt.ids(tokenizer()), config, ends, Optional.of(decoder));
        return new TokenStream(model, config, List.of(row));
    }

    private Set<Long> eosIds(GenerationConfig config) {
        checkIds(config.eosIds().stream().mapToLong(id -> id).toArray());
        return config.eosIds().isEmpty() ? model.eosIds() : config.eosIds();
    }

    private Continuation continuation(
            int row,
            long[] prompt,
            GenerationConfig config,
            Set<Long> ends,
            Optional<StreamingDecoder> decoder) {
        checkLength(prompt.length);
        checkIds(prompt);
        return new Continuation(
                row,
                prompt,
                model.contextLength(),
                config,
                config.ignoreEos() ? Set.of() : ends,
                decoder);
    }

    /**
     * Scores a text under the model, with the start token that its tokenizer adds.
     *
     * @return the log-probability of each of its tokens
     * @throws IllegalArgumentException if the text has fewer than two tokens or doesn't fit the
     *     model's context
     */
    public TokenScores score(String text) {
        return scoreIds(encodePrompt(text));
    }

    /**
     * Scores a sequence of tokens under the model.
     *
     * @return the log-probability and the rank of each token after the first
     * @throws IllegalArgumentException if there are fewer than two tokens or more than the model's
     *     context holds, or one is outside its vocabulary
     * @throws IllegalStateException if the model is closed, or gives logits that aren't finite; the
     *     message says where
     */
    public TokenScores scoreIds(long[] ids) {
        checkLength(ids.length);
        checkIds(ids);
        if (ids.length < 2) {
            throw new IllegalArgumentException(
                    "a score needs at least two tokens: the first is never predicted");
        }
        LabelledRow row = LabelledRow.scoredFrom(1, ids);
        LabelScores scores = model.score(List.of(row), Batching.EXACT).get(0);
        List<Double> values = Arrays.stream(scores.logProbabilities()).boxed().toList();
        for (int i = 0; i < values.size(); i++) {
            if (!Double.isFinite(values.get(i))) {
                String where = "the score of token %d at position %d";
                throw Sampler.notFinite(model, where.formatted(ids[i + 1], i + 1), ids);
            }
        }
        return new TokenScores(
                Arrays.stream(ids).boxed().toList(),
                values,
                Arrays.stream(scores.ranks()).boxed().toList());
    }

    private void checkIds(long[] ids) {
        for (long id : ids) {
            if (id < 0 || id >= model.vocabularySize()) {
                throw new IllegalArgumentException(
                        "token id %d is outside the model's vocabulary of 0 to %d"
                                .formatted(id, model.vocabularySize() - 1));
            }
        }
    }

    private void checkLength(int tokens) {
        if (tokens == 0) {
            throw new IllegalArgumentException(
                    "a prompt needs at least one token; a start token (BOS) alone will do");
        }
        if (tokens > model.contextLength()) {
            throw new IllegalArgumentException(
                    "%d tokens don't fit: the model's context length is %d"
                            .formatted(tokens, model.contextLength()));
        }
    }
}
