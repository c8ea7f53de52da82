package ai.llm360.analysis.series;

import ai.djl.ModelException;
import ai.llm360.analysis.memorization.Memorization;
import ai.llm360.analysis.memorization.MemorizationResult;
import ai.llm360.analysis.memorization.MemorizationResult.Summary;
import ai.llm360.analysis.memorization.MemorizationSample;
import ai.llm360.analysis.memorization.MemorizationSamples;
import ai.llm360.common.model.WeightType;
import ai.llm360.io.internal.Hashes;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.Series;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Measures the memorization of several chunks' samples by each checkpoint of a series.
 *
 * <p>Every checkpoint is loaded once. With a file, each one's results are appended to it when they
 * are complete, and a checkpoint that the file has isn't measured again.
 */
public final class MemorizationMatrix {

    private final CheckpointModels models;
    private final List<Column> columns;
    private final boolean ignoreEos;
    private final Optional<Path> file;
    private final Optional<Path> results;

    private MemorizationMatrix(Builder builder) {
        models = builder.models;
        columns = builder.columns;
        ignoreEos = builder.ignoreEos;
        file = Optional.ofNullable(builder.file);
        results = Optional.ofNullable(builder.results);
    }

    /**
     * The samples of a chunk.
     *
     * @param name the chunk's number, or another name
     * @param samples its samples; those of all columns have the same k and l
     */
    public record Column(String name, List<MemorizationSample> samples) {

        /** Copies the list. */
        public Column {
            samples = List.copyOf(samples);
        }
    }

    /**
     * The settings of a file of results, which continues only under equal ones.
     *
     * @param formatVersion the version of the file's format
     * @param model the series' model
     * @param dtype the type of the weights; null for the checkpoints' own
     * @param ignoreEos whether generation went on past end tokens
     * @param columns the columns
     */
    public record Head(
            int formatVersion, String model, String dtype, boolean ignoreEos, List<Of> columns) {

        /** Checks for what a damaged file lacks. */
        public Head {
            columns = List.copyOf(columns);
        }
    }

    /**
     * The rows that a column measures.
     *
     * @param name its name
     * @param samples the number of samples
     * @param prompt their k
     * @param continuation their l
     * @param sha256 of the samples, as {@link MemorizationSamples#toJsonLines} writes them
     */
    public record Of(String name, int samples, int prompt, int continuation, String sha256) {

        private static Of of(Column column) {
            MemorizationSample first = column.samples().get(0);
            return new Of(
                    column.name(),
                    column.samples().size(),
                    first.prompt().length,
                    first.continuation().length,
                    Hashes.sha256(MemorizationSamples.toJsonLines(column.samples())));
        }
    }

    /**
     * A checkpoint's results.
     *
     * @param checkpoint its name
     * @param step its optimizer steps; null where they aren't known
     * @param tokens the positions that it was trained on; null where they aren't known
     * @param cells the results by column
     */
    public record Row(String checkpoint, Long step, Long tokens, Map<String, Cell> cells) {

        /** Checks for what a damaged file lacks. */
        public Row {
            Objects.requireNonNull(checkpoint, "a row has no checkpoint");
            cells = new LinkedHashMap<>(cells);
        }
    }

    /**
     * A checkpoint's memorization of a chunk.
     *
     * @param all of all samples
     * @param sources of each source's
     */
    public record Cell(Summary all, Map<String, Summary> sources) {

        /** Checks for what a damaged file lacks. */
        public Cell {
            Objects.requireNonNull(all, "a cell has no result");
            sources = new LinkedHashMap<>(sources);
        }
    }

    /** {@return a builder} */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Measures a series.
     *
     * @param listener is told of each row that is measured, not of those that a file had
     * @return a row for each checkpoint, first to last
     * @throws ModelException if a checkpoint can't be had or loaded
     * @throws IOException if reading or writing fails, the file is of something else or damaged, or
     *     another process writes it
     * @throws IllegalArgumentException if samples don't fit the model
     */
    public List<Row> measure(Series series, Consumer<Row> listener)
            throws ModelException, IOException {
        if (file.isEmpty()) {
            List<Row> rows = new ArrayList<>();
            for (CheckpointEntry one : series) {
                rows.add(measure(one));
                listener.accept(rows.get(rows.size() - 1));
            }
            return rows;
        }
        List<Row> rows = new ArrayList<>();
        try (MatrixFile kept = MatrixFile.open(file.get(), head(series.model()))) {
            for (CheckpointEntry one : series) {
                Row row = kept.rows().get(one.name());
                if (row == null) {
                    row = measure(one);
                    kept.append(row);
                    listener.accept(row);
                }
                rows.add(row);
            }
        }
        return rows;
    }

    private Head head(String model) {
        return new Head(
                MatrixFile.FORMAT_VERSION,
                model,
                models.dtype().map(WeightType::toString).orElse(null),
                ignoreEos,
                columns.stream().map(Of::of).toList());
    }

    private Row measure(CheckpointEntry checkpoint) throws ModelException, IOException {
        Map<String, Cell> cells =
                models.with(
                        checkpoint,
                        model -> {
                            Memorization measure =
                                    Memorization.builder(model.model())
                                            .optIgnoreEos(ignoreEos)
                                            .build();
                            Map<String, Cell> all = new LinkedHashMap<>();
                            for (Column column : columns) {
                                all.put(column.name(), measure(measure, checkpoint, column));
                            }
                            return all;
                        });
        return new Row(
                checkpoint.name(),
                checkpoint.step().isPresent() ? checkpoint.step().getAsLong() : null,
                checkpoint.tokens().isPresent() ? checkpoint.tokens().getAsLong() : null,
                cells);
    }

    private Cell measure(Memorization measure, CheckpointEntry checkpoint, Column column)
            throws IOException {
        MemorizationResult result = measure.measure(column.samples());
        if (results.isPresent()) {
            String number = checkpoint.name().replaceFirst("^ckpt-(?=\\d+$)", "");
            result.write(results.get(), number, column.name());
        }
        return new Cell(result.summary(), result.bySource(column.samples()));
    }

    /** Sets what is measured. */
    public static final class Builder {

        private CheckpointModels models = CheckpointModels.DEFAULT;
        private List<Column> columns = List.of();
        private boolean ignoreEos;
        private Path file;
        private Path results;

        private Builder() {}

        /** Sets the chunks' samples, at least one chunk's; their names differ. */
        public Builder setColumns(List<Column> columns) {
            this.columns = List.copyOf(columns);
            return this;
        }

        /** Sets how checkpoints are loaded. */
        public Builder optModels(CheckpointModels models) {
            this.models = models;
            return this;
        }

        /** Sets whether generation goes on past end tokens; false if it isn't called. */
        public Builder optIgnoreEos(boolean ignoreEos) {
            this.ignoreEos = ignoreEos;
            return this;
        }

        /** Sets the file that results are kept in, and continued from. */
        public Builder optFile(Path file) {
            this.file = file;
            return this;
        }

        /** Sets a directory for the results of each cell in Analysis360's format. */
        public Builder optResults(Path directory) {
            this.results = directory;
            return this;
        }

        /**
         * {@return the measure}
         *
         * @throws IllegalArgumentException if there is no column, one is without samples, or two
         *     have one name
         */
        public MemorizationMatrix build() {
            long names = columns.stream().map(Column::name).distinct().count();
            boolean empty = columns.stream().anyMatch(column -> column.samples().isEmpty());
            if (columns.isEmpty() || names < columns.size() || empty) {
                throw new IllegalArgumentException(
                        "give at least one chunk, each once, with samples: "
                                + columns.stream().map(Column::name).toList());
            }
            return new MemorizationMatrix(this);
        }
    }
}
