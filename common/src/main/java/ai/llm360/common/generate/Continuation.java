package ai.llm360.common.generate;

import ai.llm360.common.tokenizer.StreamingDecoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;

/** One row's continuation as it grows. */
final class Continuation {

    private final int row;
    private final long[] prompt;
    private final int limit;
    private final FinishReason limitReason;
    private final Set<Long> eosIds;
    private final Optional<StreamingDecoder> decoder;
    private final StopStrings stops;

    private final List<Long> ids = new ArrayList<>();
    private final List<Double> logProbabilities = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private FinishReason reason;

    Continuation(
            int row,
            long[] prompt,
            int context,
            GenerationConfig config,
            Set<Long> eosIds,
            Optional<StreamingDecoder> decoder) {
        this.row = row;
        this.prompt = prompt;
        this.eosIds = eosIds;
        // The last token is made from context - 1 fed ones, so context + 1 - prompt can be made.
        int room = context + 1 - prompt.length;
        int wanted = config.maxNewTokens();
        if (config.maxLength() > 0) {
            wanted = Math.min(wanted, config.maxLength() - prompt.length);
            if (wanted < 1) {
                throw new IllegalArgumentException(
                        "the prompt's %d tokens leave no room within a max length of %d; set max new tokens instead"
                                .formatted(prompt.length, config.maxLength()));
            }
        }
        limit = Math.min(wanted, room);
        limitReason = wanted <= room ? FinishReason.LENGTH : FinishReason.CONTEXT;
        this.decoder = decoder;
        stops = new StopStrings(config.stop());
    }

    int row() {
        return row;
    }

    long[] prompt() {
        return prompt;
    }

    long lastId() {
        return ids.get(ids.size() - 1);
    }

    /** The prompt, and what was made so far. */
    long[] ids() {
        return LongStream.concat(Arrays.stream(prompt), ids.stream().mapToLong(Long::longValue))
                .toArray();
    }

    boolean finished() {
        return reason != null;
    }

    Optional<FinishReason> reason() {
        return Optional.ofNullable(reason);
    }

    /** The positions that the cache must hold for this row. */
    int positions() {
        return prompt.length + limit - 1;
    }

    GeneratedToken append(long id, double logProbability) {
        ids.add(id);
        logProbabilities.add(logProbability);
        String piece = decoder.map(d -> stops.push(d.push(id))).orElse("");
        if (stops.matched()) {
            reason = FinishReason.STOP;
        } else if (eosIds.contains(id)) {
            reason = FinishReason.EOS;
        } else if (ids.size() == limit) {
            reason = limitReason;
        }
        if (finished()) {
            piece += decoder.map(d -> stops.push(d.flush()) + stops.flush()).orElse("");
        }
        text.append(piece);
        return new GeneratedToken(row, id, logProbability, piece);
    }

    Generation result() {
        return new Generation(
                Arrays.stream(prompt).boxed().toList(),
                List.copyOf(ids),
                List.copyOf(logProbabilities),
                text.toString(),
                reason);
    }
}
