package ai.llm360.cli;

import ai.djl.ModelException;
import ai.llm360.analysis.memorization.MemorizationResult.Summary;
import ai.llm360.analysis.memorization.MemorizationSample;
import ai.llm360.analysis.memorization.MemorizationSamples;
import ai.llm360.analysis.series.MemorizationMatrix;
import ai.llm360.analysis.series.MemorizationMatrix.Cell;
import ai.llm360.analysis.series.MemorizationMatrix.Column;
import ai.llm360.analysis.series.MemorizationMatrix.Row;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.zoo.Series;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 memorize}: measures how much of each chunk each checkpoint gives back. */
@Command(
        name = "memorize",
        description = {
            "Measures how much of its training data each checkpoint of a series gives back.",
            "Of rows of each chunk, a checkpoint is given the first k tokens and continues with l"
                    + " greedily. The memorization score is the share of tokens that agree with the"
                    + " row, and a row is extractable if all l do, as in Analysis360.",
            "With --out, each checkpoint's results are kept in a file as soon as they are there;"
                    + " run again, the command goes on behind them."
        })
final class MemorizeCommand extends Verb {

    private static final int MOST_COLUMNS = 12;
    private static final Pattern RANGE = Pattern.compile("(\\d{1,9})(?:\\.\\.(\\d{1,9}))?");

    @Parameters(
            index = "0",
            paramLabel = "SERIES",
            completionCandidates = ModelNames.class,
            description = SeriesArgument.SERIES)
    private String reference;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "The prepared data set to draw rows of.")
    private Path directory;

    @Option(
            names = "--chunks",
            paramLabel = "CHUNKS",
            split = ",",
            description =
                    "The chunks of --data, from 0, such as 0..9 or 0,4,9. Default: all of them.")
    private List<String> chunks;

    @Option(
            names = "--samples",
            paramLabel = "FILE",
            description =
                    "A file of samples as Analysis360 has them (train_143.jsonl), in the place of"
                            + " --data; may be repeated.")
    private List<Path> files;

    @Option(names = "--rows", paramLabel = "N", description = "Rows of a chunk. Default: 1000.")
    private Integer rows;

    @Option(names = "--prompt", paramLabel = "K", description = "Tokens given. Default: 32.")
    private Integer prompt;

    @Option(
            names = "--continuation",
            paramLabel = "L",
            description = "Tokens to be given back. Default: 32.")
    private Integer continuation;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Decides which rows are drawn. Default: 42.")
    private Long seed;

    @Option(
            names = "--ignore-eos",
            description =
                    "Let continuations go on past an end token; as in Analysis360 it ends them, and"
                            + " nothing behind it agrees.")
    private boolean ignoreEos;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "Keep results in this file, and go on behind those that it has.")
    private Path out;

    @Option(
            names = "--results",
            paramLabel = "DIR",
            description =
                    "Write result_ckpt-C/data-D.json into DIR for each checkpoint measured, as"
                            + " Analysis360 does.")
    private Path results;

    @Option(names = "--csv", description = "Print comma-separated values.")
    private boolean csv;

    @Mixin private LoadOptions options;

    private record Result(
            String series,
            int prompt,
            int continuation,
            boolean ignoreEos,
            List<Row> checkpoints) {}

    @Override
    public Integer call() throws ModelException, IOException {
        if ((directory == null) == (files == null)) {
            throw wrong("Give --data=DIR, or --samples=FILE, and not both");
        }
        if (files != null && (chunks != null || rows != null || prompt != null)) {
            throw wrong("--samples says which rows; --chunks, --rows and --prompt go with --data");
        }
        if (files != null && (continuation != null || seed != null)) {
            throw wrong("--samples says which rows; --continuation and --seed go with --data");
        }
        if (csv && output.json()) {
            throw wrong("--csv and --json exclude each other");
        }
        Series series = SeriesArgument.find(zoo(), reference);
        List<Column> columns = files == null ? drawn() : read();
        MemorizationMatrix.Builder matrix =
                MemorizationMatrix.builder()
                        .setColumns(columns)
                        .optModels(options.models())
                        .optIgnoreEos(ignoreEos);
        if (out != null) {
            matrix.optFile(out);
        }
        if (results != null) {
            matrix.optResults(results);
        }
        List<Row> measured;
        try (Meter progress = Meter.counting(terminal())) {
            progress.reset("checkpoints", series.checkpoints().size(), null);
            measured = matrix.build().measure(series, row -> progress.increment(1));
        }
        MemorizationSample one = columns.get(0).samples().get(0);
        Result result =
                new Result(
                        reference,
                        one.prompt().length,
                        one.continuation().length,
                        ignoreEos,
                        measured);
        if (csv) {
            output.text(csv(result));
        } else {
            output.result(result, () -> print(result));
        }
        return 0;
    }

    private List<Column> read() throws IOException {
        List<Column> columns = new ArrayList<>();
        for (Path file : files) {
            String name =
                    file.getFileName()
                            .toString()
                            .replaceFirst("\\.jsonl$", "")
                            .replaceFirst("^train_(?=\\d+$)", "");
            columns.add(new Column(name, MemorizationSamples.read(file)));
        }
        return columns;
    }

    private List<Column> drawn() throws IOException {
        List<Column> columns = new ArrayList<>();
        try (TokenDataset data = TokenDataset.open(directory)) {
            for (int chunk : numbers(data.chunkCount())) {
                try (TokenChunk file = data.openChunk(chunk)) {
                    columns.add(
                            new Column(
                                    String.valueOf(chunk),
                                    MemorizationSamples.draw(
                                            file,
                                            rows == null ? 1000 : rows,
                                            seed == null ? 42 : seed,
                                            prompt == null ? 32 : prompt,
                                            continuation == null ? 32 : continuation)));
                }
            }
        }
        return columns;
    }

    private List<Integer> numbers(int count) {
        if (chunks == null) {
            return IntStream.range(0, count).boxed().toList();
        }
        List<Integer> numbers = new ArrayList<>();
        for (String part : chunks) {
            Matcher range = RANGE.matcher(part);
            int from = range.matches() ? Integer.parseInt(range.group(1)) : count;
            int to =
                    range.matches() && range.group(2) != null
                            ? Integer.parseInt(range.group(2))
                            : from;
            if (to >= count || from > to) {
                throw wrong(
                        "--chunks is of chunks and ranges of them, such as 0..9 or 0,4,9, not '%s': %s has 0 to %d"
                                .formatted(part, directory, count - 1));
            }
            IntStream.rangeClosed(from, to).forEach(numbers::add);
        }
        return numbers.stream().distinct().toList();
    }

    private static String csv(Result result) {
        StringBuilder csv = new StringBuilder();
        csv.append(
                Csv.line(
                        List.of(
                                "checkpoint",
                                "step",
                                "tokens",
                                "chunk",
                                "source",
                                "count",
                                "score",
                                "extractable")));
        for (Row row : result.checkpoints()) {
            for (Map.Entry<String, Cell> cell : row.cells().entrySet()) {
                append(csv, row, cell.getKey(), "", cell.getValue().all());
                cell.getValue()
                        .sources()
                        .forEach((source, own) -> append(csv, row, cell.getKey(), source, own));
            }
        }
        return csv.toString();
    }

    private static void append(
            StringBuilder csv, Row row, String chunk, String source, Summary summary) {
        csv.append(
                Csv.line(
                        Arrays.asList( // some may be null
                                row.checkpoint(),
                                row.step(),
                                row.tokens(),
                                chunk,
                                source,
                                summary.count(),
                                summary.score(),
                                summary.extractable())));
    }

    private void print(Result result) {
        List<String> names = List.copyOf(result.checkpoints().get(0).cells().keySet());
        output.line(
                "memorization score of %d tokens after %d, by chunk"
                        .formatted(result.continuation(), result.prompt()));
        if (names.size() <= MOST_COLUMNS) {
            table(result, names, Summary::score);
            if (result.checkpoints().stream()
                    .flatMap(row -> row.cells().values().stream())
                    .anyMatch(cell -> cell.all().extractable() > 0)) {
                output.line("");
                output.line("extractable");
                table(result, names, Summary::extractable);
            }
            output.line("");
        }
        List<Double> all =
                result.checkpoints().stream()
                        .flatMap(row -> row.cells().values().stream())
                        .map(cell -> cell.all().score())
                        .toList();
        double low = all.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
        double high = all.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
        output.line(
                String.format(
                        Locale.ROOT,
                        "chunks %s to %s, from %.4f (blank) to %.4f (full)",
                        names.get(0),
                        names.get(names.size() - 1),
                        low,
                        high));
        List<List<?>> map = new ArrayList<>();
        for (Row row : result.checkpoints()) {
            List<Double> scores =
                    names.stream().map(name -> row.cells().get(name).all().score()).toList();
            map.add(List.of(row.checkpoint(), "|" + Shades.shades(scores, low, high) + "|"));
        }
        output.rows(map);
    }

    private void table(Result result, List<String> names, ToDoubleFunction<Summary> value) {
        List<String> header = new ArrayList<>(List.of("checkpoint"));
        header.addAll(names);
        output.table(
                header,
                result.checkpoints(),
                row -> {
                    List<Object> cells = new ArrayList<>(List.of(row.checkpoint()));
                    for (String name : names) {
                        double share = value.applyAsDouble(row.cells().get(name).all());
                        cells.add(Output.decimal(share, 4));
                    }
                    return cells;
                });
    }
}
