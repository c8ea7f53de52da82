package ai.llm360.cli;

import ai.djl.ModelException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.analysis.evaluate.ModelAnswerer;
import ai.llm360.analysis.evaluate.Response;
import ai.llm360.analysis.task.Pairs;
import ai.llm360.analysis.task.Profile;
import ai.llm360.analysis.task.Request;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TokenScores;
import ai.llm360.zoo.Criteria;
import com.google.gson.annotations.SerializedName;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs {@code llm360 score}: prints a text's log-probabilities and perplexity. */
@Command(
        name = "score",
        description = "Shows how probable a model finds each token of a text, and its perplexity.",
        footer = {
            "",
            "--json prints {\"ids\", \"logprobs\", \"nll\", \"perplexity\"}: a log-probability for"
                    + " each id after the first, and their negative mean, all in nats.",
            "--pairs prints a line for each of the file's, in its order: {\"loglikelihood\","
                    + " \"is_greedy\", \"tokens\"}, by lm-evaluation-harness' rules."
        })
final class ScoreCommand extends Verb {

    @Mixin private ModelOptions model;

    /** The number of pairs that are answered together, and share what they begin with. */
    private static final int PAIRS_AT_ONCE = 4096;

    @Option(
            names = "--text",
            paramLabel = "TEXT",
            description = "The text; the model's start token comes before it, if it has one.")
    private String text;

    @Mixin private TokenIds ids;

    @Option(
            names = "--pairs",
            paramLabel = "FILE",
            description = {
                "Score continuations: lines of {\"context\": \"...\", \"continuation\": \"...\"}."
            })
    private Path pairs;

    @Option(
            names = "--profile",
            paramLabel = "PROFILE",
            defaultValue = "lm-eval@0.4.13",
            description =
                    "Whose rules --pairs follows: lm-eval@0.4.13 (the default) or lm-eval@b281b09.")
    private String profile;

    private record Result(List<Long> ids, List<Double> logprobs, double nll, double perplexity) {}

    @Override
    public Integer call() throws ModelException, IOException {
        if (pairs != null) {
            if (text != null || ids.given()) {
                throw wrong("--pairs takes the place of --text and --ids");
            }
            return scorePairs();
        }
        if (text == null && !ids.given()) {
            throw wrong("Missing text: give --text, or --ids or --pairs in its place");
        }
        if (text != null && ids.given()) {
            throw wrong("--ids takes the place of --text");
        }
        long[] given = ids.given() ? ids.get(spec) : null;
        try (ZooModel<String, String> loaded = model.load()) {
            TextGenerator generator = Criteria.generator(loaded);
            TokenScores scores = given == null ? generator.score(text) : generator.scoreIds(given);
            if (output.json()) {
                output.json(
                        new Result(
                                scores.ids(),
                                scores.logProbabilities(),
                                scores.nll(),
                                scores.perplexity()));
            } else {
                print(generator, scores);
            }
        }
        return 0;
    }

    /** A pair's answer, under the harness' names. */
    private record Pair(
            double loglikelihood, @SerializedName("is_greedy") boolean greedy, int tokens) {}

    private int scorePairs() throws ModelException, IOException {
        Profile rules;
        try {
            rules = Profile.named(profile);
        } catch (IllegalArgumentException e) {
            throw wrong("--profile: " + e.getMessage());
        }
        List<Request> requests = Pairs.read(pairs);
        try (ZooModel<String, String> loaded = model.load()) {
            ModelAnswerer answerer = new ModelAnswerer(Criteria.generator(loaded), rules);
            for (int from = 0; from < requests.size(); from += PAIRS_AT_ONCE) {
                int to = Math.min(requests.size(), from + PAIRS_AT_ONCE);
                for (Response response : answerer.answer(requests.subList(from, to))) {
                    Response.LogLikelihood one = (Response.LogLikelihood) response;
                    output.text(
                            Output.toJson(new Pair(one.logLikelihood(), one.greedy(), one.tokens()))
                                    + "\n");
                }
            }
        }
        return 0;
    }

    private void print(TextGenerator generator, TokenScores scores) {
        List<List<?>> rows = new ArrayList<>();
        for (int i = 0; i < scores.ids().size(); i++) {
            long id = scores.ids().get(i);
            rows.add(
                    List.of(
                            id,
                            i == 0 ? "" : Output.decimal(scores.logProbabilities().get(i - 1), 4),
                            generator.hasTokenizer() ? generator.tokenizer().token(id) : ""));
        }
        boolean named = generator.hasTokenizer();
        output.table(List.of("id", "logprob", named ? "token" : ""), rows);
        output.line(
                String.format(
                        Locale.ROOT,
                        "\nnll %.4f, perplexity %.4f over %d tokens",
                        scores.nll(),
                        scores.perplexity(),
                        scores.logProbabilities().size()));
    }
}
