package ai.llm360.analysis.evaluate;

import ai.llm360.analysis.task.Request;
import ai.llm360.analysis.task.Target;
import ai.llm360.analysis.task.TaskPage;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A measure of a task.
 *
 * @param name its name in results
 * @param higherIsBetter whether more is better
 * @param aggregation how documents become a task
 * @param of what a document gives
 */
record Metric(
        String name, boolean higherIsBetter, Aggregation aggregation, Function<Answer, Score> of) {

    private record ChoiceOptions(String rule, Ties ties) {}

    private record PassOptions(List<Integer> k) {}

    private record ContinuationOptions(String rule) {}

    /** The choice that is taken of equally probable ones. */
    private enum Ties {
        FIRST,
        LAST
    }

    /**
     * Returns the measures that a page names. A choice task also has the bits per byte and the
     * share of probability of its right answer, which move long before accuracy does.
     */
    static List<Metric> of(TaskPage page) {
        List<Metric> metrics = new ArrayList<>();
        try {
            for (int i = 0; i < page.metrics().size(); i++) {
                TaskPage.Metric metric = page.metrics().get(i);
                Map<String, Object> options = metric.options().orElse(Map.of());
                boolean higher = metric.higherIsBetter().orElse(true);
                String name = metric.name();
                switch (page.kind()) {
                    case CHOICE -> metrics.add(choice(page, i, name, higher, options));
                    case CONTINUATION -> metrics.add(continuation(name, higher, options));
                    case ROLLING -> metrics.add(rolling(name, higher, options));
                    case GENERATION -> metrics.addAll(generation(page, name, higher, options));
                }
            }
        } catch (ConfigException e) {
            throw new ConfigException("%s: metrics: %s".formatted(page.name(), e.getMessage()), e);
        }
        if (page.kind() == TaskPage.Kind.CHOICE) {
            metrics.add(choice("bpb", false, 0, ChoiceRule.BITS_PER_BYTE, Ties.FIRST));
            metrics.add(choice("p_gold", true, 0, ChoiceRule.PROBABILITY_MASS, Ties.FIRST));
        }
        return List.copyOf(metrics);
    }

    private static Metric choice(
            TaskPage page, int index, String name, boolean higher, Map<String, Object> options) {
        ChoiceOptions how =
                ConfigTree.of(options)
                        .bind(ChoiceOptions.class, new ChoiceOptions(name, Ties.FIRST));
        ChoiceRule rule = ChoiceRule.named(how.rule());
        if (rule == null) {
            throw unknown(how.rule(), List.of(ChoiceRule.values()));
        }
        return choice(name, higher, page.prompt().parts().isEmpty() ? 0 : index, rule, how.ties());
    }

    private static Metric choice(
            String name, boolean higher, int part, ChoiceRule rule, Ties ties) {
        return new Metric(
                name,
                higher,
                Aggregation.MEAN,
                answer -> Score.of(rule.of(scored(answer, part, ties == Ties.LAST))));
    }

    private static ChoiceRule.Scored scored(Answer answer, int part, boolean lastOfEqual) {
        List<Target.Choices> questions =
                answer.item().target() instanceof Target.Parts parts
                        ? parts.parts()
                        : List.of((Target.Choices) answer.item().target());
        int first = questions.subList(0, part).stream().mapToInt(one -> one.choices().size()).sum();
        Target.Choices question = questions.get(part);
        int[] requests = IntStream.range(first, first + question.choices().size()).toArray();
        return new ChoiceRule.Scored(
                question.choices(),
                IntStream.of(requests)
                        .mapToObj(i -> (Request.LogLikelihood) answer.item().requests().get(i))
                        .map(Request.LogLikelihood::continuation)
                        .toList(),
                IntStream.of(requests).mapToDouble(answer::logLikelihood).toArray(),
                question.gold(),
                lastOfEqual);
    }

    private static Metric continuation(String name, boolean higher, Map<String, Object> options) {
        String rule =
                ConfigTree.of(options)
                        .bind(ContinuationOptions.class, new ContinuationOptions(name))
                        .rule();
        return switch (rule) {
            case "acc" ->
                    new Metric(
                            name,
                            higher,
                            Aggregation.MEAN,
                            answer ->
                                    Score.of(
                                            ((Response.LogLikelihood) answer.responses().get(0))
                                                    .greedy()));
            case "perplexity" ->
                    new Metric(
                            name,
                            higher,
                            Aggregation.PERPLEXITY,
                            answer -> Score.of(answer.logLikelihood(0)));
            default -> throw unknown(rule, List.of("acc", "perplexity"));
        };
    }

    private static Metric rolling(String name, boolean higher, Map<String, Object> options) {
        none(name, options);
        return switch (name) {
            case "word_perplexity" ->
                    new Metric(
                            name,
                            higher,
                            Aggregation.WEIGHTED_PERPLEXITY,
                            answer -> page(answer, page(answer).words()));
            case "byte_perplexity" ->
                    new Metric(
                            name,
                            higher,
                            Aggregation.WEIGHTED_PERPLEXITY,
                            answer -> page(answer, page(answer).bytes()));
            case "bits_per_byte" ->
                    new Metric(
                            name,
                            higher,
                            Aggregation.BITS_PER_BYTE,
                            answer -> page(answer, page(answer).bytes()));
            default ->
                    throw unknown(
                            name, List.of("word_perplexity", "byte_perplexity", "bits_per_byte"));
        };
    }

    private static Target.Page page(Answer answer) {
        return (Target.Page) answer.item().target();
    }

    private static Score page(Answer answer, long weight) {
        return new Score(((Response.Rolling) answer.responses().get(0)).logLikelihood(), weight);
    }

    private static List<Metric> generation(
            TaskPage page, String name, boolean higher, Map<String, Object> options) {
        if (page.prompt().program().isEmpty()) {
            String rule = String.valueOf(options.getOrDefault("rule", name));
            if (!rule.equals("exact_match")) {
                throw unknown(rule, List.of("exact_match"));
            }
            ExactMatch match = ExactMatch.of(options);
            return List.of(
                    new Metric(
                            name,
                            higher,
                            Aggregation.MEAN,
                            answer ->
                                    Score.of(
                                            match.matches(
                                                    answer.texts().get(0),
                                                    ((Target.Text) answer.item().target())
                                                            .text()))));
        }
        if (name.equals("pass_at_1")) {
            none(name, options);
            return List.of(pass(name, higher, 1));
        }
        if (!name.equals("pass_at_k")) {
            throw unknown(name, List.of("pass_at_1", "pass_at_k"));
        }
        List<Integer> ks =
                ConfigTree.of(options).bind(PassOptions.class, new PassOptions(List.of(1))).k();
        for (int k : ks) {
            if (k < 1 || k > page.generation().repeats()) {
                throw new ConfigException(
                        "k of pass_at_k must be 1 to the number of answers, %d, not %d"
                                .formatted(page.generation().repeats(), k));
            }
        }
        return ks.stream().map(k -> pass("pass@" + k, higher, k)).toList();
    }

    private static Metric pass(String name, boolean higher, int k) {
        return new Metric(
                name,
                higher,
                Aggregation.MEAN,
                answer -> {
                    long passed = answer.verdicts().stream().filter(one -> one.passed()).count();
                    return Score.of(passAtK(answer.verdicts().size(), (int) passed, k));
                });
    }

    /**
     * Returns the probability that one of k programs, drawn from n of which c are right, is right
     * (Chen et al., 2021).
     */
    static double passAtK(int n, int c, int k) {
        if (n - c < k) {
            return 1;
        }
        double allWrong = 1;
        for (int i = n - c + 1; i <= n; i++) {
            allWrong *= 1 - (double) k / i;
        }
        return 1 - allWrong;
    }

    private static void none(String name, Map<String, Object> options) {
        if (!options.isEmpty()) {
            throw new ConfigException(
                    "%s has no options, but %s".formatted(name, options.keySet()));
        }
    }

    private static ConfigException unknown(String name, List<?> known) {
        return new ConfigException(
                "a task of this kind has no measure '%s'; there are %s".formatted(name, known));
    }
}
