package ai.llm360.common.data;

import ai.llm360.common.data.DataManifest.RowFile;
import ai.llm360.common.data.DataManifest.Segment;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.io.internal.WholeFile;
import ai.llm360.io.internal.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * Makes a data set with other proportions out of one that there is.
 *
 * <p>The first chunks may stay, byte for byte, so that a run that has read them goes on with the
 * new set; each source then continues where they left it. Files that stay are linked where the file
 * system can, so they take no room twice.
 */
public final class DataRemix {

    private final Path source;
    private final Path target;
    private final Map<String, Double> weights;
    private final int chunks;
    private final int firstChunk;
    private final long rowsPerChunk;
    private final int threadCount;

    private DataRemix(Builder builder) {
        source = builder.source;
        target = builder.target;
        weights = builder.weights;
        chunks = builder.chunks;
        firstChunk = builder.firstChunk;
        rowsPerChunk = builder.rowsPerChunk;
        threadCount = builder.threads;
    }

    /** Starts a remix. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Makes the data set.
     *
     * @return its manifest, in which the change is a segment
     * @throws DataException if a file of the old set is missing or damaged
     * @throws IllegalArgumentException if the weights or chunks don't fit the old set
     * @throws IOException if reading or writing fails; nothing is left behind
     */
    public DataManifest mix() throws IOException {
        DataManifest old = DataManifest.read(source);
        if (old.segments().isEmpty()) {
            throw new DataException(
                    source,
                    "its chunks were imported as they are, so there are no rows to mix anew; import"
                            + " them with a number of chunks");
        }
        if (old.sources().isEmpty()) {
            throw new DataException(source, "damaged: its manifest lists no sources to mix anew");
        }
        int count = chunks == 0 ? old.chunks().size() : chunks;
        if (firstChunk > old.chunks().size() || firstChunk >= count) {
            throw new IllegalArgumentException(
                    "chunks from %d on are to be mixed anew, but the new set has %d and the old %d"
                            .formatted(firstChunk, count, old.chunks().size()));
        }
        try (AtomicDirectory directory = AtomicDirectory.begin(target);
                Workers threads = new Workers("llm360-data", threadCount)) {
            DataManifest kept = keep(old, directory.path(), threads);
            Mixing mixing = new Mixing(kept.rowsLeft(), firstChunk, count - firstChunk);
            DataManifest mixed =
                    ChunkMixer.mix(directory.path(), kept, segment(mixing, old), threads);
            if (Tokenizer.isIn(source)) {
                Tokenizer.copy(source, directory.path());
            }
            mixed.write(directory.path());
            directory.commit();
            return mixed;
        }
    }

    /** With weights and no size given, chunks stay as large as they were. */
    private Segment segment(Mixing mixing, DataManifest old) {
        long rows = rowsPerChunk;
        if (rows == 0 && !weights.isEmpty() && firstChunk > 0) {
            rows = old.chunks().get(firstChunk - 1).rows();
        }
        return mixing.segment(weights, rows);
    }

    private DataManifest keep(DataManifest old, Path directory, Workers threads)
            throws IOException {
        for (String part : List.of("sources", "validation", "chunks")) {
            Files.createDirectory(directory.resolve(part));
        }
        List<RowFile> files = new ArrayList<>(old.validation().values());
        old.sources().forEach(from -> files.add(from.file()));
        List<RowFile> first = old.chunks().subList(0, firstChunk);
        files.addAll(first);
        threads.all(files.stream().map(file -> link(file, directory)).toList());
        List<Segment> segments =
                old.segments().stream().filter(s -> s.firstChunk() < firstChunk).toList();
        return old.withChunks(segments, first);
    }

    private Callable<Path> link(RowFile file, Path directory) {
        return () -> {
            Path from = TokenDataset.find(source, file);
            TokenChunk.open(from, file.sha256()).close();
            Path to = directory.resolve(file.file());
            WholeFile.linkOrCopy(from, to);
            return to;
        };
    }

    /** Says what to make of what. */
    public static final class Builder {

        private Path source;
        private Path target;
        private Map<String, Double> weights = Map.of();
        private int chunks;
        private int firstChunk;
        private long rowsPerChunk;
        private int threads = Runtime.getRuntime().availableProcessors();

        private Builder() {}

        /** Sets the data set to start from. */
        public Builder setSource(Path directory) {
            source = directory;
            return this;
        }

        /** Sets the directory to make: absent, or empty. */
        public Builder setTarget(Path directory) {
            target = directory;
            return this;
        }

        /**
         * Sets each source's proportion, of any sum; a source without one gets no rows. Default:
         * every row that is left is used once.
         */
        public Builder optWeights(Map<String, Double> proportions) {
            weights = proportions;
            return this;
        }

        /** Sets the number of chunks, those that stay included. Default: as many as there are. */
        public Builder optChunks(int count) {
            chunks = count;
            return this;
        }

        /** Sets the first chunk to mix anew; those before it stay. Default: 0. */
        public Builder optFirstChunk(int chunk) {
            firstChunk = chunk;
            return this;
        }

        /**
         * Sets the rows of a chunk where weights are given. Default: as many as a chunk that stays
         * has, or else as many as use every row once.
         */
        public Builder optRowsPerChunk(long rows) {
            rowsPerChunk = rows;
            return this;
        }

        /** Sets how many threads read and write. Default: one for each processor. */
        public Builder optThreads(int count) {
            threads = count;
            return this;
        }

        /** Builds the remix. */
        public DataRemix build() {
            if (source == null || target == null) {
                throw new IllegalArgumentException("a source and a target are needed");
            }
            if (chunks < 0 || firstChunk < 0 || rowsPerChunk < 0) {
                throw new IllegalArgumentException(
                        "chunks, the first of them and their rows are 0 or more, not %d, %d and %d"
                                .formatted(chunks, firstChunk, rowsPerChunk));
            }
            return new DataRemix(this);
        }
    }
}
