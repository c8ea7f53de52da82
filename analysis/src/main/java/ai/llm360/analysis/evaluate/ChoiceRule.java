package ai.llm360.analysis.evaluate;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntToDoubleFunction;

/** A measure of several choices' log-likelihoods. */
enum ChoiceRule {
    /** 1 if the most probable choice, of equal ones the first, is a right one, else 0. */
    ACC {
        @Override
        double of(Scored scored) {
            return right(scored, best(scored, i -> 1));
        }
    },
    /** The same by log-likelihood a character: a code point of the choice, without delimiter. */
    ACC_NORM {
        @Override
        double of(Scored scored) {
            return right(scored, best(scored, i -> characters(scored.choices().get(i))));
        }
    },
    /** The same by log-likelihood a byte of UTF-8. */
    ACC_BYTES {
        @Override
        double of(Scored scored) {
            return right(scored, best(scored, i -> bytes(scored.choices().get(i))));
        }
    },
    /** The right choices' share of all choices' probability. */
    PROBABILITY_MASS {
        @Override
        double of(Scored scored) {
            double most = Arrays.stream(scored.logLikelihoods()).max().orElseThrow();
            double all = 0;
            double right = 0;
            for (int i = 0; i < scored.logLikelihoods().length; i++) {
                double probability = Math.exp(scored.logLikelihoods()[i] - most);
                all += probability;
                right += scored.gold().contains(i) ? probability : 0;
            }
            return right / all;
        }
    },
    /** The bits that the right choices' scored texts cost, a byte of UTF-8. */
    BITS_PER_BYTE {
        @Override
        double of(Scored scored) {
            double bits = 0;
            double bytes = 0;
            for (int i : scored.gold()) {
                bits -= scored.logLikelihoods()[i] / Math.log(2);
                bytes += bytes(scored.continuations().get(i));
            }
            return bits / bytes;
        }
    },
    /** By how much the log-likelihoods of two sentences differ. */
    LIKELIHOOD_DIFF {
        @Override
        double of(Scored scored) {
            return Math.abs(scored.logLikelihoods()[0] - scored.logLikelihoods()[1]);
        }
    },
    /** 1 if the first of two sentences, the stereotype, is more probable, else 0. */
    PCT_STEREOTYPE {
        @Override
        double of(Scored scored) {
            return scored.logLikelihoods()[0] > scored.logLikelihoods()[1] ? 1 : 0;
        }
    };

    /**
     * A model's scores of a question's choices.
     *
     * @param choices the choices' texts
     * @param continuations the texts that were scored, with delimiters
     * @param logLikelihoods of each choice, in nats
     * @param gold the right choices' indices
     * @param lastOfEqual whether the last of equally probable choices is taken
     */
    @SuppressWarnings("ArrayRecordComponent") // one for each document, never compared
    record Scored(
            List<String> choices,
            List<String> continuations,
            double[] logLikelihoods,
            List<Integer> gold,
            boolean lastOfEqual) {}

    abstract double of(Scored scored);

    /** Returns the rule of a metric's name; null if there is none. */
    static ChoiceRule named(String name) {
        String same = name.equals("likelihood_difference") ? "likelihood_diff" : name;
        return Arrays.stream(values())
                .filter(rule -> rule.toString().equals(same))
                .findFirst()
                .orElse(null);
    }

    /** Returns its name on tasks' pages. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    private static double right(Scored scored, int chosen) {
        return scored.gold().contains(chosen) ? 1 : 0;
    }

    private static int best(Scored scored, IntToDoubleFunction length) {
        int best = 0;
        double most = scored.logLikelihoods()[0] / length.applyAsDouble(0);
        for (int i = 1; i < scored.logLikelihoods().length; i++) {
            double value = scored.logLikelihoods()[i] / length.applyAsDouble(i);
            if (value > most || (scored.lastOfEqual() && value == most)) {
                best = i;
                most = value;
            }
        }
        return best;
    }

    private static double characters(String text) {
        return text.codePointCount(0, text.length());
    }

    private static double bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
