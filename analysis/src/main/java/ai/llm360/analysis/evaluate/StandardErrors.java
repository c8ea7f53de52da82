package ai.llm360.analysis.evaluate;

import ai.llm360.analysis.task.PythonRandom;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Standard errors as lm-evaluation-harness takes them. */
final class StandardErrors {

    /** The harness' number of bootstrap replicates. */
    static final int REPLICATES = 100_000;

    private static final int CHUNK = 1000;

    private StandardErrors() {}

    static double mean(double[] values) {
        return Arrays.stream(values).sum() / values.length;
    }

    /** Returns the sample's standard deviation, by n-1. */
    private static double deviation(double[] values) {
        double mean = mean(values);
        double squares = Arrays.stream(values).map(x -> (x - mean) * (x - mean)).sum();
        return Math.sqrt(squares / (values.length - 1));
    }

    /** Returns the standard error of a mean; none of a single value. */
    static OptionalDouble ofMean(double[] values) {
        return values.length < 2
                ? OptionalDouble.empty()
                : OptionalDouble.of(deviation(values) / Math.sqrt(values.length));
    }

    /**
     * Returns the standard deviation of a statistic over replicates drawn with replacement. Each
     * chunk of at most 1000 replicates has a random generator of its own, seeded by its number, so
     * the order in which chunks are computed doesn't matter.
     *
     * @param replicates how many; what no whole chunk has room for is left out
     */
    static OptionalDouble bootstrap(
            double[] values, int replicates, ToDoubleFunction<double[]> statistic) {
        if (values.length < 2) {
            return OptionalDouble.empty();
        }
        int chunk = Math.min(CHUNK, replicates);
        double[] drawn = new double[replicates / chunk * chunk];
        IntStream.range(0, replicates / chunk)
                .parallel()
                .forEach(
                        number -> {
                            PythonRandom random = new PythonRandom(number);
                            double[] replicate = new double[values.length];
                            for (int i = 0; i < chunk; i++) {
                                int[] indices = random.choices(values.length, values.length);
                                Arrays.setAll(replicate, j -> values[indices[j]]);
                                drawn[number * chunk + i] = statistic.applyAsDouble(replicate);
                            }
                        });
        return OptionalDouble.of(deviation(drawn));
    }

    /** Returns the error of a mean of tasks weighted by their sizes, as if all were one task. */
    static double pooled(double[] errors, int[] sizes) {
        double sum = 0;
        double documents = 0;
        for (int i = 0; i < sizes.length; i++) {
            sum += (sizes[i] - 1.0) * errors[i] * errors[i] * sizes[i];
            documents += sizes[i];
        }
        return Math.sqrt(sum / (documents - sizes.length) / documents);
    }

    /** Returns the error of a plain mean of tasks. */
    static double ofPlainMean(double[] errors) {
        return Math.sqrt(Arrays.stream(errors).map(x -> x * x).sum()) / errors.length;
    }
}
