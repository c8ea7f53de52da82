package ai.llm360.cli;

import ai.djl.ModelException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TokenScores;
import ai.llm360.zoo.Criteria;
import java.io.IOException;
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
                    + " each id after the first, and their negative mean, all in nats."
        })
final class ScoreCommand extends Verb {

    @Mixin private ModelOptions model;

    @Option(
            names = "--text",
            paramLabel = "TEXT",
            description = "The text; the model's start token comes before it, if it has one.")
    private String text;

    @Mixin private TokenIds ids;

    private record Result(List<Long> ids, List<Double> logprobs, double nll, double perplexity) {}

    @Override
    public Integer call() throws ModelException, IOException {
        if (text == null && !ids.given()) {
            throw wrong("Missing text: give --text, or --ids in its place");
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
