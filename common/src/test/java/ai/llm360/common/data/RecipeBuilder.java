package ai.llm360.common.data;

import ai.llm360.common.data.DataRecipe.Source;
import ai.llm360.common.data.DataRecipe.Split;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Builds recipes. */
public final class RecipeBuilder {

    private final List<Source> sources = new ArrayList<>();
    private final Map<String, Double> weights = new LinkedHashMap<>();
    private Optional<String> tokenizer = Optional.of("tokenizer.json");
    private int vocabularySize;
    private int rowLength = 4;
    private boolean begin;
    private int overlap;
    private int chunks = 1;
    private long validationRows;
    private long rowsPerChunk;

    /** Adds a source of text. */
    public RecipeBuilder text(String name, String path) {
        return source(name, path, source -> source);
    }

    RecipeBuilder source(String name, String path, UnaryOperator<SourceBuilder> more) {
        sources.add(more.apply(new SourceBuilder(name, Optional.of(path))).build());
        return this;
    }

    RecipeBuilder maven(String name, String coordinate, String sha256) {
        SourceBuilder source = new SourceBuilder(name, Optional.empty());
        source.maven = Optional.of(coordinate);
        source.sha256 = Optional.of(sha256);
        sources.add(source.build());
        return this;
    }

    RecipeBuilder tokenizer(String file) {
        tokenizer = Optional.of(file);
        return this;
    }

    RecipeBuilder readyRows(String path, int vocabularySize) {
        tokenizer = Optional.empty();
        this.vocabularySize = vocabularySize;
        return source("rows", path, source -> source.format("amber_jsonl"));
    }

    /** Sets the ids of a row. */
    public RecipeBuilder rowLength(int length) {
        rowLength = length;
        return this;
    }

    /** Packs as CrystalCoder does: a beginning token, windows that share an id. */
    RecipeBuilder asCrystalCoder() {
        begin = true;
        overlap = 1;
        return this;
    }

    /** Sets the number of chunks. */
    public RecipeBuilder chunks(int count) {
        chunks = count;
        return this;
    }

    RecipeBuilder validationRows(long rows) {
        validationRows = rows;
        return this;
    }

    RecipeBuilder rowsPerChunk(long rows) {
        rowsPerChunk = rows;
        return this;
    }

    RecipeBuilder weight(String source, double weight) {
        weights.put(source, weight);
        return this;
    }

    /** Builds the recipe. */
    public DataRecipe build() {
        return new DataRecipe(
                tokenizer,
                vocabularySize,
                rowLength,
                begin,
                overlap,
                7,
                chunks,
                validationRows,
                rowsPerChunk,
                weights,
                sources);
    }

    static final class SourceBuilder {

        private final String name;
        private final Optional<String> path;
        private Optional<String> maven = Optional.empty();
        private Optional<String> sha256 = Optional.empty();
        private Optional<String> format = Optional.empty();
        private Optional<String> field = Optional.empty();
        private Optional<List<String>> include = Optional.empty();
        private Optional<List<String>> exclude = Optional.empty();
        private Optional<Split> split = Optional.empty();
        private Optional<String> pattern = Optional.empty();
        private Optional<String> document = Optional.empty();
        private Optional<FimRecipe> fim = Optional.empty();

        private SourceBuilder(String name, Optional<String> path) {
            this.name = name;
            this.path = path;
        }

        SourceBuilder sha256(String hash) {
            sha256 = Optional.of(hash);
            return this;
        }

        SourceBuilder format(String value) {
            format = Optional.of(value);
            return this;
        }

        SourceBuilder field(String value) {
            field = Optional.of(value);
            return this;
        }

        SourceBuilder include(String... globs) {
            include = Optional.of(List.of(globs));
            return this;
        }

        SourceBuilder exclude(String... globs) {
            exclude = Optional.of(List.of(globs));
            return this;
        }

        SourceBuilder split(Split value) {
            split = Optional.of(value);
            return this;
        }

        SourceBuilder pattern(String expression, String text) {
            pattern = Optional.of(expression);
            document = Optional.of(text);
            return this;
        }

        SourceBuilder fim(double rate, int epochs) {
            fim =
                    Optional.of(
                            new FimRecipe(
                                    rate,
                                    Optional.empty(),
                                    Optional.of(epochs),
                                    Optional.empty(),
                                    Optional.empty(),
                                    Optional.empty(),
                                    Optional.empty()));
            return this;
        }

        private Source build() {
            return new Source(
                    name,
                    path,
                    maven,
                    sha256,
                    Optional.of("CC0-1.0"),
                    format,
                    field,
                    include,
                    exclude,
                    split,
                    pattern,
                    document,
                    fim,
                    Optional.empty());
        }
    }
}
