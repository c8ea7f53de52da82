package ai.llm360.common.data;

import ai.djl.util.Progress;
import ai.llm360.common.data.DataManifest.RowFile;
import ai.llm360.common.data.DataManifest.Segment;
import ai.llm360.common.data.DataManifest.Source;
import ai.llm360.common.tokenizer.BulkEncoder;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.io.internal.Workers;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Makes a data set from a recipe: documents to tokens, tokens to rows, rows to chunks.
 *
 * <p>Unless the recipe says otherwise, the rows are Amber's: each document is followed by the end
 * token, nothing precedes it, and the stream of documents is cut into rows that don't overlap. The
 * same recipe and files give the same bytes, whatever the number of threads. The tokenizer's files
 * lie in the data set's directory, so that what is trained on it can have them beside its weights.
 */
public final class DataPreparation {

    private static final int BATCH_CHARS = 1 << 17;

    private final DataRecipe recipe;
    private final Path target;
    private final Path base;
    private final int threadCount;
    private final Optional<MavenArtifact.Downloads> downloads;
    private final Optional<Progress> progress;

    private DataPreparation(Builder builder) {
        recipe = builder.recipe;
        target = builder.target;
        base = builder.base;
        threadCount = builder.threads;
        downloads = Optional.ofNullable(builder.downloads);
        progress = Optional.ofNullable(builder.progress);
    }

    /** Starts a preparation. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Makes the data set.
     *
     * @throws DataException if a source can't be read; the message names the file and line
     * @throws IllegalArgumentException if the recipe doesn't fit its sources, such as more chunks
     *     than rows
     * @throws IOException if reading or writing fails; nothing is left behind
     */
    public DataManifest prepare() throws IOException {
        try (AtomicDirectory directory = AtomicDirectory.begin(target);
                Workers threads = new Workers("llm360-data", threadCount)) {
            for (String part : List.of("sources", "validation", "chunks")) {
                Files.createDirectory(directory.path().resolve(part));
            }
            List<SourceInput> inputs = new ArrayList<>();
            for (DataRecipe.Source source : recipe.sources()) {
                inputs.add(SourceInput.find(source, base, downloads));
            }
            long bytes = inputs.stream().mapToLong(SourceInput::bytes).sum();
            progress.ifPresent(shown -> shown.reset("Preparing " + target.getFileName(), bytes));
            DataManifest manifest = prepare(directory.path(), inputs, threads);
            if (recipe.tokenizer().isPresent()) {
                Tokenizer.copy(base.resolve(recipe.tokenizer().get()), directory.path());
            }
            manifest.write(directory.path());
            directory.commit();
            progress.ifPresent(Progress::end);
            return manifest;
        }
    }

    private DataManifest prepare(Path directory, List<SourceInput> inputs, Workers threads)
            throws IOException {
        try (RecipeVocabulary vocabulary = RecipeVocabulary.open(recipe, base)) {
            DataManifest empty = DataManifest.empty(recipe, vocabulary);
            if (recipe.chunks() == 0) {
                return new ChunkImport(directory, empty, inputs, this::advance).run();
            }
            try (SourceSpools spools = new SourceSpools(directory, recipe)) {
                for (SourceInput input : inputs) {
                    if (input.source().hasRows()) {
                        importRows(input, vocabulary.size(), spools);
                    } else {
                        tokenize(input, vocabulary, threads, spools);
                    }
                }
                SourceSplitter splitter =
                        new SourceSplitter(directory, recipe, vocabulary, threads);
                return mix(directory, split(splitter, spools, empty), threads);
            }
        }
    }

    /** Text that spells a special token stays text: no document can end itself. */
    private void tokenize(
            SourceInput input, RecipeVocabulary vocabulary, Workers threads, SourceSpools spools)
            throws IOException {
        RowSpool spool = spools.of(input.source().name(), input);
        ThreadLocal<BulkEncoder> encoders =
                ThreadLocal.withInitial(vocabulary.tokenizer()::bulkEncoder);
        OrderedWork tokenizing = new OrderedWork(threads, BATCH_CHARS);
        DocumentReader reader = new DocumentReader(input.source());
        for (Path file : input.files()) {
            reader.read(
                    file,
                    document ->
                            tokenizing.add(
                                    document.length(),
                                    () -> {
                                        int[] ids = encoders.get().encode(document);
                                        return () -> spool.addDocument(vocabulary, ids);
                                    }));
            advance(file);
        }
        tokenizing.finish();
        if (spool.documents() == 0) {
            throw new DataException(
                    input.files().get(0),
                    "source '%s' has no document that is not blank"
                            .formatted(input.source().name()));
        }
    }

    private void importRows(SourceInput input, int vocabularySize, SourceSpools spools)
            throws IOException {
        input.readRows(
                TokenRowReader.of(input.source(), recipe.rowLength(), vocabularySize),
                (row, source, ids, mask) ->
                        spools.of(source.orElse(input.source().name()), input).addRow(ids, mask),
                this::advance);
    }

    private void advance(Path file) throws IOException {
        if (progress.isPresent()) {
            progress.get().increment(Files.size(file));
        }
    }

    private DataManifest split(SourceSplitter splitter, SourceSpools spools, DataManifest empty)
            throws IOException {
        List<Source> sources = new ArrayList<>();
        Map<String, RowFile> validation = new LinkedHashMap<>();
        for (SourceSpools.Entry entry : spools.all()) {
            RowSpool spool = entry.spool();
            SourceSplitter.Parts parts = splitter.split(entry);
            if (parts.validation() != null) {
                validation.put(entry.name(), parts.validation());
            }
            sources.add(
                    new Source(
                            entry.name(),
                            entry.source().licence().orElse(null),
                            entry.inputs(),
                            spool.documents(),
                            spool.tokens(),
                            parts.training().rows(),
                            recipe.validationRows(),
                            parts.training()));
            spool.close();
        }
        return empty.withSources(sources, validation);
    }

    private DataManifest mix(Path directory, DataManifest unmixed, Workers threads)
            throws IOException {
        Mixing mixing = new Mixing(unmixed.rowsLeft(), 0, recipe.chunks());
        Segment segment = mixing.segment(recipe.weights(), recipe.rowsPerChunk());
        return ChunkMixer.mix(directory, unmixed, segment, threads);
    }

    /** Says what to make of what. */
    public static final class Builder {

        private DataRecipe recipe;
        private Path target;
        private Path base = Path.of("");
        private int threads = Runtime.getRuntime().availableProcessors();
        private MavenArtifact.Downloads downloads;
        private Progress progress;

        private Builder() {}

        /** Sets the recipe. */
        public Builder setRecipe(DataRecipe recipe) {
            this.recipe = recipe;
            return this;
        }

        /** Sets the directory to make: absent, or empty. */
        public Builder setTarget(Path directory) {
            target = directory;
            return this;
        }

        /**
         * Sets what the recipe's relative paths start from, as a rule the recipe file's directory.
         * Default: the working directory.
         */
        public Builder optBase(Path directory) {
            base = directory;
            return this;
        }

        /** Sets how many threads tokenize and write. Default: one for each processor. */
        public Builder optThreads(int count) {
            threads = count;
            return this;
        }

        /**
         * Sets where artifacts lie that were downloaded before, by {@link #optDownloads}. Default:
         * only the local repository is used.
         */
        public Builder optCache(Path cache) {
            downloads = new MavenArtifact.Downloads(cache, Optional.empty());
            return this;
        }

        /**
         * Allows Maven artifacts to be downloaded that neither the local repository nor the cache
         * has. Default: nothing is downloaded.
         *
         * @param cache the directory that keeps them
         * @param announce is told of each download before it begins
         */
        public Builder optDownloads(Path cache, Consumer<URI> announce) {
            downloads = new MavenArtifact.Downloads(cache, Optional.of(announce));
            return this;
        }

        /** Sets what is told of the progress, in bytes of the files read. */
        public Builder optProgress(Progress progress) {
            this.progress = progress;
            return this;
        }

        /** Builds the preparation. */
        public DataPreparation build() {
            if (recipe == null || recipe.sources() == null || target == null) {
                throw new IllegalArgumentException("a recipe with sources and a target are needed");
            }
            return new DataPreparation(this);
        }
    }
}
