package ai.llm360.common.data;

import ai.llm360.io.internal.Hashes;
import ai.llm360.io.internal.PlainText;
import ai.llm360.io.internal.WholeFile;
import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * The manifest of a prepared data set: the file {@code manifest.json} in its directory.
 *
 * @param formatVersion the version of the directory's format
 * @param rowLength the ids of a row, T+1
 * @param vocabularySize every id is below it
 * @param eosId the id after each document, or -1 where the rows were imported
 * @param tokenizerSha256 the SHA-256 of the tokenizer's file, or null where the rows were imported
 * @param seed decides which rows are held back for validation
 * @param sources what the rows were made of
 * @param segments how the sources were mixed; the chunks of the first one come first
 * @param chunks the training rows
 * @param validation the rows held back, by source; a source without any is absent
 */
public record DataManifest(
        int formatVersion,
        int rowLength,
        int vocabularySize,
        long eosId,
        String tokenizerSha256,
        long seed,
        List<Source> sources,
        List<Segment> segments,
        List<RowFile> chunks,
        Map<String, RowFile> validation) {

    /** The version written, and the only one read. */
    public static final int FORMAT_VERSION = 1;

    /** The file's name. */
    public static final String FILE_NAME = "manifest.json";

    /** One of 360 chunks has 60 kB. */
    private static final long MAX_BYTES = 64 << 20;

    private static final Pattern RELATIVE_FILE =
            Pattern.compile("[a-z]+/[A-Za-z0-9_][A-Za-z0-9._-]*");

    private static final Gson GSON =
            new GsonBuilder()
                    .disableHtmlEscaping()
                    .serializeNulls()
                    .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
                    .create();

    private static final Gson INDENTED = GSON.newBuilder().setPrettyPrinting().create();

    /**
     * A source.
     *
     * @param name its name
     * @param licence what the recipe says of its licence, or null
     * @param inputs the files it was read from
     * @param documents their documents, blank ones not counted; 0 where ready rows were imported
     * @param tokens their tokens, one end token a document included
     * @param rows the rows kept for training, each epoch of fill-in-the-middle counted; chunks may
     *     use some, all, or all more than once
     * @param validationRows the rows held back
     * @param file the training rows, or null where chunks were imported as they are
     */
    public record Source(
            String name,
            String licence,
            List<Input> inputs,
            long documents,
            long tokens,
            long rows,
            long validationRows,
            RowFile file) {

        public Source {
            Objects.requireNonNull(name, "a source has no name");
            inputs = List.copyOf(inputs);
        }
    }

    /** A file that a source was read from, by its file name or Maven coordinate. */
    public record Input(String name, String sha256) {}

    /**
     * Chunks that are mixed alike.
     *
     * @param firstChunk the first of them
     * @param plannedChunks how many were made; a later segment may have replaced the last ones
     * @param weights each source's proportion as given, or null if every row is used once
     * @param rowsPerChunk each source's rows in each of the chunks
     */
    public record Segment(
            int firstChunk,
            int plannedChunks,
            Map<String, Double> weights,
            Map<String, Long> rowsPerChunk) {

        public Segment {
            weights = weights == null ? null : ordered(weights);
            rowsPerChunk = ordered(rowsPerChunk);
        }
    }

    /**
     * A file of token rows.
     *
     * @param file its path below the data set's directory, with slashes
     * @param rows its rows
     * @param sha256 its SHA-256
     */
    public record RowFile(String file, long rows, String sha256) {

        public RowFile {
            if (file == null || !RELATIVE_FILE.matcher(file).matches() || sha256 == null) {
                throw new IllegalArgumentException(
                        "'%s' with SHA-256 %s is no entry for a file".formatted(file, sha256));
            }
        }
    }

    public DataManifest {
        sources = List.copyOf(sources);
        segments = List.copyOf(segments);
        chunks = List.copyOf(chunks);
        validation = ordered(validation);
    }

    private static <V> Map<String, V> ordered(Map<String, V> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }

    /** {@return the rows of each chunk, as {@link DataOrder} takes them} */
    public List<Long> rowsPerChunk() {
        return chunks.stream().map(RowFile::rows).toList();
    }

    /**
     * {@return the number of times that the chunks go through a source's training rows: 1 if each
     * row is used once, less if some are unused; 0 if there is no such source}
     */
    public double epochs(String source) {
        long available =
                sources.stream().filter(s -> s.name().equals(source)).mapToLong(Source::rows).sum();
        long used = segments.isEmpty() ? available : Mixture.of(this).used(source);
        return available == 0 ? 0 : (double) used / available;
    }

    /** Each source's training rows that no chunk uses yet; 0 where some are repeated. */
    Map<String, Long> rowsLeft() {
        Map<String, Long> left = new LinkedHashMap<>();
        for (Source source : sources) {
            long used = segments.isEmpty() ? 0 : Mixture.of(this).used(source.name());
            left.put(source.name(), Math.max(0, source.rows() - used));
        }
        return left;
    }

    /** A manifest without sources and chunks. */
    static DataManifest empty(DataRecipe recipe, RecipeVocabulary vocabulary) {
        return new DataManifest(
                FORMAT_VERSION,
                recipe.rowLength(),
                vocabulary.size(),
                vocabulary.endToken(),
                vocabulary.tokenizerSha256(),
                recipe.seed(),
                List.of(),
                List.of(),
                List.of(),
                Map.of());
    }

    DataManifest withSources(List<Source> newSources, Map<String, RowFile> newValidation) {
        return with(newSources, segments, chunks, newValidation);
    }

    DataManifest withChunks(List<Segment> newSegments, List<RowFile> newChunks) {
        return with(sources, newSegments, newChunks, validation);
    }

    private DataManifest with(
            List<Source> newSources,
            List<Segment> newSegments,
            List<RowFile> newChunks,
            Map<String, RowFile> newValidation) {
        return new DataManifest(
                formatVersion,
                rowLength,
                vocabularySize,
                eosId,
                tokenizerSha256,
                seed,
                newSources,
                newSegments,
                newChunks,
                newValidation);
    }

    void write(Path directory) throws IOException {
        byte[] text = (INDENTED.toJson(this) + "\n").getBytes(StandardCharsets.UTF_8);
        WholeFile.create(directory.resolve(FILE_NAME), text);
    }

    /** {@return the manifest as one line of JSON, its names in snake case and in a fixed order} */
    public String toJson() {
        return GSON.toJson(this);
    }

    /**
     * {@return the SHA-256 of {@link #toJson()} in hexadecimal: the same digest means the same rows
     * in the same chunks}
     */
    public String digest() {
        return Hashes.sha256(toJson());
    }

    /**
     * Reads the manifest of a data set.
     *
     * @throws DataException if there is none, or it can't be used
     */
    public static DataManifest read(Path directory) throws IOException {
        Path file = directory.resolve(FILE_NAME);
        DataManifest manifest;
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new DataException(file, "more than %d bytes long".formatted(MAX_BYTES));
            }
            manifest = GSON.fromJson(Files.readString(file), DataManifest.class);
        } catch (NoSuchFileException e) {
            throw new DataException(
                    directory,
                    "no prepared data set: there is no %s; make one with llm360 data prepare"
                            .formatted(FILE_NAME),
                    e);
        } catch (RuntimeException | CharacterCodingException e) {
            throw new DataException(file, "damaged: " + PlainText.jsonProblem(e), e);
        }
        if (manifest == null || manifest.formatVersion() != FORMAT_VERSION) {
            throw new DataException(
                    file,
                    "version %s of the format; this program reads version %d"
                            .formatted(
                                    manifest == null ? "no" : manifest.formatVersion(),
                                    FORMAT_VERSION));
        }
        return manifest;
    }
}
