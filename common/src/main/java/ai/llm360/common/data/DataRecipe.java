package ai.llm360.common.data;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Describes how a data set is made: a recipe's YAML file, whose names are these in snake case, and
 * {@code docs/formats/data.md} has an example.
 *
 * @param tokenizer the tokenizer's file or directory; absent where all sources are ready rows
 * @param vocabularySize every id is below it; 0 for the tokenizer's
 * @param rowLength the ids of a row, T+1
 * @param begin whether the beginning token goes before each document: Amber's way is not,
 *     CrystalCoder's is
 * @param overlap the ids that a row of text shares with the one before: 0, Amber's way, or 1,
 *     CrystalCoder's, by which each id but a source's first is a target
 * @param seed decides which rows are held back
 * @param chunks the chunks of training rows; 0 for one for each file of ready rows, as it is
 * @param validationRows the rows of each source to hold back
 * @param rowsPerChunk the rows of a chunk where weights are given; 0 for as many as without
 * @param weights each source's proportion of a chunk; empty for every row once
 * @param sources what is read, in this order
 */
public record DataRecipe(
        Optional<String> tokenizer,
        int vocabularySize,
        int rowLength,
        boolean begin,
        int overlap,
        long seed,
        int chunks,
        long validationRows,
        long rowsPerChunk,
        Map<String, Double> weights,
        List<Source> sources) {

    /** The defaults; what is read has none. */
    public static final DataRecipe DEFAULTS = defaults();

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,99}");
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

    private static DataRecipe defaults() {
        return new DataRecipe(Optional.empty(), 0, 2049, false, 0, 0, 1, 0, 0, Map.of(), null);
    }

    public DataRecipe {
        require(rowLength >= 2, "row_length is at least 2, an input and its target", rowLength);
        require(overlap == 0 || overlap == 1, "overlap is 0 or 1", overlap);
        require(
                seed >= 0 && seed <= NumpyRandom.MAX_SEED,
                "seed is 0 to " + NumpyRandom.MAX_SEED,
                seed);
        require(chunks >= 0 && chunks <= 1_000_000, "chunks is 0 to 1000000", chunks);
        require(validationRows >= 0, "validation_rows is 0 or more", validationRows);
        require(rowsPerChunk >= 0, "rows_per_chunk is 0 or more", rowsPerChunk);
        require(vocabularySize >= 0, "vocabulary_size is 0 or more", vocabularySize);
        if (sources != null) { // the defaults have none
            sources = List.copyOf(sources);
            check(sources, weights);
            boolean tokenizes = sources.stream().anyMatch(s -> !s.hasRows());
            boolean fills = sources.stream().anyMatch(s -> s.fim().isPresent());
            require(
                    tokenizer.isPresent() || (!tokenizes && !fills && vocabularySize > 0),
                    "tokenizer is needed for text and for fim; for ready rows, vocabulary_size"
                            + " does as well",
                    "none");
            boolean parts = sources.stream().anyMatch(s -> s.subset().isPresent());
            boolean changes =
                    tokenizes || fills || parts || validationRows > 0 || !weights.isEmpty();
            require(
                    chunks > 0 || !changes,
                    "chunks of 0 keep files of ready rows as they are, without weights, fim, subset"
                            + " and validation_rows; else it is at least 1",
                    chunks);
        }
    }

    private static void check(List<Source> sources, Map<String, Double> weights) {
        require(!sources.isEmpty(), "sources has at least one entry", "none");
        Set<String> names = new HashSet<>();
        for (Source source : sources) {
            require(names.add(source.name()), "sources have a name of their own", source.name());
            require(
                    source.subset().isEmpty() || source.hasRows(),
                    "subset is for sources of ready rows",
                    "for documents, as those of '%s'".formatted(source.name()));
        }
        boolean namesKnown = sources.stream().noneMatch(s -> s.kind() == Format.AMBER_JSONL);
        if (namesKnown && !weights.isEmpty()) {
            Mixing.checkNames(weights, sources.stream().map(Source::name).toList());
        }
    }

    static void require(boolean holds, String rule, Object found) {
        if (!holds) {
            throw new IllegalArgumentException(rule + ", not " + found);
        }
    }

    /** Tells whether a source may have a name; its files are called so. */
    static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    /** Formats of a source's files. */
    public enum Format {
        /** UTF-8 text. */
        TEXT,
        /** A JSON object a line, one of whose fields is the text. */
        JSONL,
        /**
         * A jar or zip, whose entries are UTF-8 text; they are read in the order of their names.
         */
        ARCHIVE,
        /** Amber's {@code train_NNN.jsonl}: ready rows, {@code token_ids} and {@code source}. */
        AMBER_JSONL,
        /** Ready rows in a {@link RowFormat}, by whose name a recipe calls it. */
        ROWS;

        /** Finds a format by what a recipe calls it. */
        static Optional<Format> named(String name) {
            return Arrays.stream(values())
                    .filter(format -> format != ROWS && format.key().equals(name))
                    .findFirst()
                    .or(() -> RowFormats.named(name).map(format -> ROWS));
        }

        private String key() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** The names of the formats in recipes. */
        private static String names() {
            Stream<String> ours =
                    Arrays.stream(values()).filter(format -> format != ROWS).map(Format::key);
            return Stream.concat(ours, RowFormats.names().stream())
                    .collect(Collectors.joining(", "));
        }
    }

    /** Places where a text is divided into documents. */
    public enum Split {
        /** Nowhere: a file, or an entry of an archive, is a document. */
        NONE,
        /** At runs of two or more blank lines. */
        BLANK_LINES,
        /** At form feeds. */
        FORM_FEED,
        /** At each line's end. */
        LINES
    }

    /**
     * One source of documents. Exactly one of {@code path} and {@code maven} is there.
     *
     * @param name letters, digits, dots, dashes and underscores
     * @param path a file, a directory (all files in and below it) or a glob such as {@code
     *     texts/*.txt.gz}; gzip is recognised
     * @param maven the artifact {@code group:artifact:version[:classifier]}, a jar
     * @param sha256 the file's SHA-256, required with {@code maven}
     * @param licence its licence, for the record
     * @param format how documents lie in it: {@code text}, {@code jsonl}, {@code archive}, {@code
     *     amber_jsonl}, or a {@link RowFormat}'s name; absent for what the file names' endings say
     * @param field the field of the text in JSONL; absent for {@code text}
     * @param include globs of file or entry names, such as {@code **.java}; absent for all
     * @param exclude globs of file or entry names to leave out
     * @param split where a text is divided; absent for nowhere
     * @param pattern a regular expression for whole parts; those that don't match are left out
     * @param document what becomes of a part that matches, with {@code $1} for the pattern's first
     *     group; absent for the part as it is
     * @param fim what of the training rows is rearranged for fill-in-the-middle; absent for nothing
     * @param subset the part of its ready rows that is taken, counted over all files in their
     *     order: ascending ranges of fractions such as {@code 0.0-0.1}; absent for all
     */
    public record Source(
            String name,
            Optional<String> path,
            Optional<String> maven,
            Optional<String> sha256,
            Optional<String> licence,
            Optional<String> format,
            Optional<String> field,
            Optional<List<String>> include,
            Optional<List<String>> exclude,
            Optional<Split> split,
            Optional<String> pattern,
            Optional<String> document,
            Optional<FimRecipe> fim,
            Optional<String> subset) {

        public Source {
            require(
                    name != null && isName(name),
                    "name is of letters, digits, dots, dashes and underscores",
                    name);
            require(
                    path.isPresent() != maven.isPresent(),
                    "path or maven says where the documents are, one of the two",
                    path.isPresent() ? "both" : "none");
            require(
                    maven.isEmpty() || sha256.isPresent(),
                    "sha256 is needed with maven, so that the data is the same everywhere",
                    "absent");
            require(
                    sha256.isEmpty() || HASH.matcher(sha256.get()).matches(),
                    "sha256 is of 64 hexadecimal digits in lower case",
                    sha256.orElse(""));
            require(
                    pattern.isPresent() || document.isEmpty(),
                    "pattern is needed with document",
                    "absent");
            require(
                    format.isEmpty() || Format.named(format.get()).isPresent(),
                    "format is one of " + Format.names(),
                    format.orElse(""));
            maven.ifPresent(MavenArtifact::parse);
            PartFilter.of(pattern, document);
            require(
                    fim.isEmpty() || format.filter(Format.AMBER_JSONL.key()::equals).isEmpty(),
                    "fim goes with sources whose rows are all of that source",
                    "with amber_jsonl");
            subset.ifPresent(RowSubset::parse);
        }

        /** The format given, or the one that the name's ending means. */
        Format kind() {
            return format.flatMap(Format::named)
                    .orElseGet(
                            () -> maven.isPresent() ? Format.ARCHIVE : kindOf(path.orElseThrow()));
        }

        /** Tells whether its files hold rows, not documents. */
        boolean hasRows() {
            return kind() == Format.AMBER_JSONL || kind() == Format.ROWS;
        }

        private static Format kindOf(String path) {
            String plain = path.endsWith(".gz") ? path.substring(0, path.length() - 3) : path;
            if (plain.endsWith(".jsonl") || plain.endsWith(".ndjson")) {
                return Format.JSONL;
            }
            return plain.endsWith(".jar") || plain.endsWith(".zip") ? Format.ARCHIVE : Format.TEXT;
        }
    }
}
