package ai.llm360.cli;

import ai.djl.ModelException;
import ai.llm360.analysis.series.Timeline;
import ai.llm360.analysis.series.Timeline.Answer;
import ai.llm360.analysis.series.Timeline.Point;
import ai.llm360.zoo.Series;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 timeline}: shows how probable answers are along a series. */
@Command(
        name = "timeline",
        description = {
            "Shows how probable answers to a prompt are at each checkpoint of a series.",
            "Prompt and answer are encoded as one text: write the space between them, such as"
                    + " \"The sky is\" \" blue\". A rank is the number of tokens that are more"
                    + " probable than an answer's: 0 is the greedy choice."
        })
final class TimelineCommand extends Verb {

    @Parameters(
            index = "0",
            paramLabel = "SERIES",
            completionCandidates = ModelNames.class,
            description = SeriesArgument.SERIES)
    private String reference;

    @Parameters(index = "1", paramLabel = "PROMPT", description = "The text before the answers.")
    private String prompt;

    @Parameters(
            index = "2",
            arity = "1..*",
            paramLabel = "ANSWER",
            description = "What may follow it; one or more.")
    private List<String> answers;

    @Mixin private LoadOptions options;

    @Option(names = "--csv", description = "Print comma-separated values.")
    private boolean csv;

    private record Scored(
            String answer,
            List<String> tokens,
            double logprob,
            double probability,
            List<Integer> ranks) {

        static Scored of(Answer answer) {
            return new Scored(
                    answer.text(),
                    answer.tokens(),
                    answer.logProbability(),
                    answer.probability(),
                    answer.ranks());
        }
    }

    private record Checkpoint(String checkpoint, Long step, Long tokens, List<Scored> answers) {}

    private record Result(String series, String prompt, List<Checkpoint> checkpoints) {}

    @Override
    public Integer call() throws ModelException, IOException {
        if (csv && output.json()) {
            throw wrong("--csv and --json exclude each other");
        }
        Series series = SeriesArgument.find(zoo(), reference);
        List<Point> points;
        try (Meter progress = Meter.counting(terminal())) {
            progress.reset("checkpoints", series.checkpoints().size(), null);
            points =
                    Timeline.of(
                            series,
                            options.models(),
                            prompt,
                            answers,
                            point -> progress.increment(1));
        }
        Result result =
                new Result(reference, prompt, points.stream().map(this::checkpoint).toList());
        if (csv) {
            output.text(csv(result));
        } else {
            output.result(result, () -> print(result));
        }
        return 0;
    }

    private Checkpoint checkpoint(Point point) {
        return new Checkpoint(
                point.checkpoint(),
                EntryRow.boxed(point.step()),
                EntryRow.boxed(point.tokens()),
                point.answers().stream().map(Scored::of).toList());
    }

    private static String csv(Result result) {
        StringBuilder csv = new StringBuilder();
        csv.append(
                Csv.line(
                        List.of(
                                "checkpoint",
                                "step",
                                "tokens",
                                "answer",
                                "logprob",
                                "probability",
                                "ranks")));
        for (Checkpoint one : result.checkpoints()) {
            for (Scored scored : one.answers()) {
                csv.append(
                        Csv.line(
                                Arrays.asList( // some may be null
                                        one.checkpoint(),
                                        one.step(),
                                        one.tokens(),
                                        scored.answer(),
                                        scored.logprob(),
                                        scored.probability(),
                                        ranks(scored))));
            }
        }
        return csv.toString();
    }

    private static String ranks(Scored scored) {
        return scored.ranks().stream().map(String::valueOf).collect(Collectors.joining(" "));
    }

    private void print(Result result) {
        List<String> header = new ArrayList<>(List.of("checkpoint", "tokens"));
        for (int i = 1; i <= answers.size(); i++) {
            String number = answers.size() == 1 ? "" : " " + i;
            header.addAll(List.of("log p" + number, "p" + number, "ranks" + number));
        }
        output.table(header, result.checkpoints(), TimelineCommand::row);
        List<Double> all =
                result.checkpoints().stream()
                        .flatMap(one -> one.answers().stream())
                        .map(Scored::logprob)
                        .toList();
        double low = all.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
        double high = all.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
        output.line("");
        output.line(String.format(Locale.ROOT, "log p, from %.2f to %.2f", low, high));
        List<List<?>> bars = new ArrayList<>();
        for (int i = 0; i < answers.size(); i++) {
            int answer = i;
            List<Double> values =
                    result.checkpoints().stream()
                            .map(one -> one.answers().get(answer).logprob())
                            .toList();
            String number = answers.size() == 1 ? "" : answer + 1 + " ";
            bars.add(List.of(number + '"' + answers.get(i) + '"', Shades.bars(values, low, high)));
        }
        output.rows(bars);
    }

    private static List<?> row(Checkpoint one) {
        List<Object> row = new ArrayList<>(List.of(one.checkpoint()));
        row.add(one.tokens() == null ? "" : one.tokens());
        for (Scored scored : one.answers()) {
            row.add(Output.decimal(scored.logprob(), 3));
            row.add(String.format(Locale.ROOT, "%.3g", scored.probability()));
            row.add(ranks(scored));
        }
        return row;
    }
}
