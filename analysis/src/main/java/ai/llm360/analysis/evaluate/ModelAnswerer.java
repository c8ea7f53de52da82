package ai.llm360.analysis.evaluate;

import ai.djl.ndarray.NDManager;
import ai.llm360.analysis.task.Profile;
import ai.llm360.analysis.task.Request;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.model.Batching;
import ai.llm360.common.model.CausalLanguageModel;
import ai.llm360.common.model.KvCache;
import ai.llm360.common.model.LabelScores;
import ai.llm360.common.model.LabelledRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;

/**
 * Answers by a loaded model, by the rules of lm-evaluation-harness.
 *
 * <p>It reads what requests share once: the context of a question's choices, the examples that many
 * questions begin with. Choices of one token each are labels at one position.
 */
public final class ModelAnswerer implements Answerer {

    /** Rows are read together as long as they have at most so many tokens, cached ones included. */
    private static final int TOKENS_AT_ONCE = 4096;

    private final TextGenerator generator;
    private final CausalLanguageModel model;
    private final RequestEncoder encoder;

    /**
     * Creates an answerer of a model with a tokenizer.
     *
     * @param profile whose rules are followed
     * @throws IllegalArgumentException if the tokenizer has neither a start nor an end token
     */
    public ModelAnswerer(TextGenerator generator, Profile profile) {
        this.generator = generator;
        model = generator.model();
        encoder = new RequestEncoder(generator.tokenizer(), model.contextLength(), profile);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if a continuation adds no token to its context
     * @throws CancellationException if the thread is interrupted
     */
    @Override
    public List<Response> answer(List<Request> requests) {
        List<LabelledRow> rows = new ArrayList<>();
        int[] first = new int[requests.size() + 1]; // the requests' first rows
        for (int i = 0; i < requests.size(); i++) {
            if (requests.get(i) instanceof Request.LogLikelihood pair) {
                rows.add(encoder.pair(pair));
            } else if (requests.get(i) instanceof Request.Rolling rolling) {
                rows.addAll(encoder.windows(rolling));
            }
            first[i + 1] = rows.size();
        }
        List<LabelScores> scores = score(rows);
        List<Response> responses = new ArrayList<>();
        for (int i = 0; i < requests.size(); i++) {
            List<LabelScores> own = scores.subList(first[i], first[i + 1]);
            double sum = own.stream().mapToDouble(LabelScores::sum).sum();
            int tokens = own.stream().mapToInt(one -> one.ranks().length).sum();
            if (requests.get(i) instanceof Request.Generation generation) {
                responses.add(generate(generation));
            } else if (requests.get(i) instanceof Request.Rolling) {
                responses.add(new Response.Rolling(sum, tokens));
            } else {
                responses.add(new Response.LogLikelihood(sum, own.get(0).greedy(), tokens));
            }
        }
        return responses;
    }

    /** Scores rows, in any order; the scores are in theirs. */
    private List<LabelScores> score(List<LabelledRow> rows) {
        LabelScores[] scores = new LabelScores[rows.size()];
        List<RowPlan.Merged> alone = new ArrayList<>();
        for (RowPlan.Group group : RowPlan.of(rows)) {
            if (group.shared() == 0) {
                alone.addAll(group.rows());
            } else {
                score(group, rows, scores);
            }
        }
        alone.sort(Comparator.comparingInt(one -> -one.row().ids().length));
        for (List<RowPlan.Merged> batch : batches(alone)) {
            List<LabelledRow> together = batch.stream().map(RowPlan.Merged::row).toList();
            give(batch, model.score(together, Batching.PADDED), rows, scores);
        }
        return Arrays.asList(scores);
    }

    /** Reads what a group shares, and goes on from it with each row. */
    private void score(RowPlan.Group group, List<LabelledRow> rows, LabelScores[] scores) {
        int shared = group.shared();
        long[] beginning = Arrays.copyOf(group.rows().get(0).row().ids(), shared);
        try (KvCache cache = model.newCache(1, shared)) {
            try (NDManager request = model.newRequestManager()) {
                model.advance(request, cache, new int[1], new long[][] {beginning});
            }
            for (List<RowPlan.Merged> batch : batches(group.rows())) {
                List<LabelledRow> tails =
                        batch.stream().map(one -> RowPlan.behind(one.row(), shared)).toList();
                int longest = batch.get(0).row().ids().length;
                int[] slots = IntStream.range(0, batch.size()).toArray();
                try (KvCache forked = cache.fork(0, shared, slots.length, longest)) {
                    give(batch, model.score(forked, slots, tails, Batching.PADDED), rows, scores);
                }
            }
        }
    }

    /** Divides rows, the longest first, into batches that fit. */
    private static List<List<RowPlan.Merged>> batches(List<RowPlan.Merged> rows) {
        List<List<RowPlan.Merged>> batches = new ArrayList<>();
        for (int from = 0; from < rows.size(); ) {
            int length = rows.get(from).row().ids().length;
            int to = Math.min(rows.size(), from + Math.max(1, TOKENS_AT_ONCE / length));
            batches.add(rows.subList(from, to));
            from = to;
        }
        return batches;
    }

    /** Gives each row asked for its own of the labels that were scored together. */
    private static void give(
            List<RowPlan.Merged> batch,
            List<LabelScores> found,
            List<LabelledRow> rows,
            LabelScores[] scores) {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("interrupted between two batches of requests");
        }
        for (int i = 0; i < found.size(); i++) {
            int begin = 0;
            for (int asked : batch.get(i).asked()) {
                int end = begin + rows.get(asked).labels().length;
                scores[asked] =
                        new LabelScores(
                                Arrays.copyOfRange(found.get(i).logProbabilities(), begin, end),
                                Arrays.copyOfRange(found.get(i).ranks(), begin, end));
                begin = end;
            }
        }
    }

    private Response generate(Request.Generation request) {
        long[] prompt = encoder.prompt(request);
        int most = Math.min(request.maxTokens(), model.contextLength() - prompt.length);
        List<String> stops = request.until().stream().filter(stop -> !stop.isEmpty()).toList();
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < request.repeats(); i++) {
            GenerationConfig config =
                    GenerationConfig.builder()
                            .optMaxNewTokens(most)
                            .optTemperature(request.temperature())
                            .optTopP(request.topP())
                            .optSeed(i)
                            .optStop(stops.toArray(String[]::new))
                            .build();
            String text = generator.generateIds(List.of(prompt), config).get(0).text();
            for (String end : stops) {
                int at = text.indexOf(end);
                text = at < 0 ? text : text.substring(0, at);
            }
            texts.add(text);
        }
        return new Response.Generation(texts);
    }
}
