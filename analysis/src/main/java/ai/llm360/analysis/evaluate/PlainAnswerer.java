package ai.llm360.analysis.evaluate;

import ai.llm360.analysis.task.Profile;
import ai.llm360.analysis.task.PythonText;
import ai.llm360.analysis.task.Request;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.model.Batching;
import ai.llm360.common.model.LabelScores;
import ai.llm360.common.model.LabelledRow;
import ai.llm360.common.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Answers by a loaded model, each request on its own: the plain form of lm-evaluation-harness'
 * rules.
 */
public final class PlainAnswerer implements Answerer {

    private static final int TOKENS_AT_ONCE = 4096;

    private final TextGenerator generator;
    private final Tokenizer tokenizer;
    private final boolean bos;
    private final int maxLength;
    private final long prefix;

    /** A row to score, which belongs to a request. */
    private record Piece(int request, LabelledRow row) {}

    /**
     * Creates an answerer of a model with a tokenizer.
     *
     * @param profile whose rules are followed
     */
    public PlainAnswerer(TextGenerator generator, Profile profile) {
        this.generator = generator;
        tokenizer = generator.tokenizer();
        maxLength = generator.model().contextLength();
        boolean today = profile == Profile.LM_EVAL_0_4_13;
        bos = today && tokenizer.addsBos();
        prefix =
                (today && tokenizer.bosId().isPresent() ? tokenizer.bosId() : tokenizer.eosId())
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                "the tokenizer has neither a start nor an end"
                                                        + " token"));
    }

    @Override
    public List<Response> answer(List<Request> requests) {
        Response[] responses = new Response[requests.size()];
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < responses.length; i++) {
            if (requests.get(i) instanceof Request.LogLikelihood pair) {
                pieces.add(new Piece(i, row(pair)));
            } else if (requests.get(i) instanceof Request.Rolling rolling) {
                for (LabelledRow window : windows(rolling.text())) {
                    pieces.add(new Piece(i, window));
                }
            } else {
                responses[i] = generate((Request.Generation) requests.get(i));
            }
        }
        pieces.sort(Comparator.comparingInt(piece -> -piece.row().ids().length));
        double[] sums = new double[responses.length];
        boolean[] missed = new boolean[responses.length];
        int[] tokens = new int[responses.length];
        for (int from = 0; from < pieces.size(); ) {
            int length = pieces.get(from).row().ids().length;
            int to = Math.min(pieces.size(), from + Math.max(1, TOKENS_AT_ONCE / length));
            List<Piece> batch = pieces.subList(from, to);
            List<LabelScores> scores =
                    generator
                            .model()
                            .score(batch.stream().map(Piece::row).toList(), Batching.PADDED);
            for (int i = 0; i < batch.size(); i++) {
                int request = batch.get(i).request();
                sums[request] += scores.get(i).sum();
                missed[request] |= !scores.get(i).greedy();
                tokens[request] += scores.get(i).ranks().length;
            }
            from = to;
        }
        for (int i = 0; i < responses.length; i++) {
            if (requests.get(i) instanceof Request.LogLikelihood) {
                responses[i] = new Response.LogLikelihood(sums[i], !missed[i], tokens[i]);
            } else if (requests.get(i) instanceof Request.Rolling) {
                responses[i] = new Response.Rolling(sums[i], tokens[i]);
            }
        }
        return List.of(responses);
    }

    private LabelledRow row(Request.LogLikelihood pair) {
        String context = pair.context();
        String continuation = pair.continuation();
        long[] before;
        long[] after;
        if (context.isEmpty()) {
            after = tokenizer.encode(continuation);
            before = new long[] {prefix};
            if (after.length > 0 && after[0] == prefix) {
                after = Arrays.copyOfRange(after, 1, after.length);
            }
        } else {
            String stripped = PythonText.rstrip(context);
            continuation = context.substring(stripped.length()) + continuation;
            before = tokens(stripped);
            long[] whole = tokens(stripped + continuation);
            after = Arrays.copyOfRange(whole, Math.min(before.length, whole.length), whole.length);
        }
        long[] all = LongStream.concat(LongStream.of(before), LongStream.of(after)).toArray();
        int from = Math.max(0, all.length - (maxLength + 1));
        long[] kept = Arrays.copyOfRange(all, from, all.length);
        return scored(kept, Math.min(after.length, kept.length - 1));
    }

    /** Returns a row of all but the last token, with its last labels. */
    private static LabelledRow scored(long[] ids, int labels) {
        int first = ids.length - 1 - labels;
        return new LabelledRow(
                Arrays.copyOf(ids, ids.length - 1),
                IntStream.range(first, ids.length - 1).toArray(),
                Arrays.copyOfRange(ids, first + 1, ids.length));
    }

    private long[] tokens(String text) {
        String start = bos ? tokenizer.token(tokenizer.bosId().getAsLong()) : "";
        return bos && !text.startsWith(start)
                ? tokenizer.encode(text, true, false)
                : tokenizer.encode(text);
    }

    private List<LabelledRow> windows(String text) {
        long[] ids = tokens(text);
        List<LabelledRow> windows = new ArrayList<>();
        for (int done = 0; done < ids.length; ) {
            int predicted = Math.min(ids.length - done, maxLength);
            int end = done + predicted;
            int from = done == 0 ? 0 : end - maxLength - 1;
            long[] window = Arrays.copyOfRange(ids, Math.max(from, 0), end);
            windows.add(
                    scored(
                            done == 0
                                    ? LongStream.concat(
                                                    LongStream.of(prefix), LongStream.of(window))
                                            .toArray()
                                    : window,
                            predicted));
            done = end;
        }
        return windows;
    }

    private Response generate(Request.Generation request) {
        long[] ids = tokens(request.context());
        int room = Math.max(1, maxLength - request.maxTokens());
        long[] prompt = Arrays.copyOfRange(ids, Math.max(0, ids.length - room), ids.length);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < request.repeats(); i++) {
            GenerationConfig config =
                    GenerationConfig.builder()
                            .optMaxNewTokens(
                                    Math.min(request.maxTokens(), maxLength - prompt.length))
                            .optTemperature(request.temperature())
                            .optTopP(request.topP())
                            .optSeed(i)
                            .optStop(request.until().toArray(String[]::new))
                            .build();
            String text = generator.generateIds(List.of(prompt), config).get(0).text();
            for (String end : request.until()) {
                int at = text.indexOf(end);
                text = at < 0 ? text : text.substring(0, at);
            }
            texts.add(text);
        }
        return new Response.Generation(texts);
    }
}
