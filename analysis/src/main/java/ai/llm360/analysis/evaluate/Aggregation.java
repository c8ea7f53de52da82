package ai.llm360.analysis.evaluate;

import java.util.List;
import java.util.OptionalDouble;

/** A rule by which the documents' values become a task's. */
enum Aggregation {
    /** The mean. */
    MEAN {
        @Override
        double of(List<Score> scores) {
            return StandardErrors.mean(numbers(scores));
        }

        @Override
        OptionalDouble error(List<Score> scores, int replicates) {
            return StandardErrors.ofMean(numbers(scores));
        }
    },
    /** The exponential of the negative mean of log-likelihoods. */
    PERPLEXITY {
        @Override
        double of(List<Score> scores) {
            return perplexity(numbers(scores));
        }

        @Override
        OptionalDouble error(List<Score> scores, int replicates) {
            return StandardErrors.bootstrap(numbers(scores), replicates, Aggregation::perplexity);
        }
    },
    /** The perplexity of log-likelihoods over all that they count: words, or bytes. */
    WEIGHTED_PERPLEXITY {
        @Override
        double of(List<Score> scores) {
            return Math.exp(-weightedMean(scores));
        }
    },
    /** Log-likelihoods over all their bytes, in bits. */
    BITS_PER_BYTE {
        @Override
        double of(List<Score> scores) {
            return -weightedMean(scores) / Math.log(2);
        }
    };

    /** Returns a task's value of at least one document's. */
    abstract double of(List<Score> scores);

    /** Returns its standard error; none where the harness takes none. */
    OptionalDouble error(List<Score> scores, int replicates) {
        return OptionalDouble.empty();
    }

    private static double perplexity(double[] logLikelihoods) {
        return Math.exp(-StandardErrors.mean(logLikelihoods));
    }

    private static double weightedMean(List<Score> scores) {
        return scores.stream().mapToDouble(Score::value).sum()
                / scores.stream().mapToDouble(Score::weight).sum();
    }

    private static double[] numbers(List<Score> scores) {
        return scores.stream().mapToDouble(Score::value).toArray();
    }
}
