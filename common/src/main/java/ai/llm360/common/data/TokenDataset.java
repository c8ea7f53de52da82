package ai.llm360.common.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * A prepared data set: a directory with a manifest, chunks of training rows, and rows held back for
 * validation by source.
 *
 * <p>{@link DataPreparation} makes one; {@code docs/formats/data.md} specifies the files.
 */
public final class TokenDataset implements AutoCloseable {

    private final Path directory;
    private final DataManifest manifest;

    private TokenDataset(Path directory, DataManifest manifest) {
        this.directory = directory;
        this.manifest = manifest;
    }

    /**
     * Opens a data set: reads its manifest and sees that its files are there.
     *
     * @throws DataException if there is none, or something is missing
     */
    public static TokenDataset open(Path directory) throws IOException {
        DataManifest manifest = DataManifest.read(directory);
        for (DataManifest.RowFile file : manifest.chunks()) {
            find(directory, file);
        }
        return new TokenDataset(directory, manifest);
    }

    /** Returns the path of a file that a manifest names, which is there. */
    static Path find(Path directory, DataManifest.RowFile entry) throws DataException {
        Path file = directory.resolve(entry.file());
        if (!Files.isRegularFile(file)) {
            throw new DataException(
                    file,
                    "missing, though the manifest names it; copy the data set again or prepare it"
                            + " anew");
        }
        return file;
    }

    /** {@return the manifest of the data set} */
    public DataManifest manifest() {
        return manifest;
    }

    /** {@return the number of chunks} */
    public int chunkCount() {
        return manifest.chunks().size();
    }

    /**
     * Opens a chunk, by its number from 0, and verifies its hash, for which it is read once.
     *
     * @throws DataException if the file is missing, damaged or another one
     * @throws IllegalArgumentException if there is no such chunk
     */
    public TokenChunk openChunk(int index) throws IOException {
        if (index < 0 || index >= chunkCount()) {
            throw new IllegalArgumentException(
                    "%s: no chunk %d: there are %d, from 0"
                            .formatted(directory, index, chunkCount()));
        }
        return open(manifest.chunks().get(index));
    }

    /**
     * {@return whether one of some ids is among the first rows of the first chunk} The file isn't
     * verified.
     *
     * @param mostRows the rows to search
     */
    public boolean holdsAnyOf(Set<Long> ids, long mostRows) throws IOException {
        Path file = directory.resolve(manifest.chunks().get(0).file());
        try (TokenChunk chunk = TokenChunk.map(file)) {
            long[] row = new long[chunk.rowLength()];
            for (long i = 0; i < Math.min(mostRows, chunk.rows()); i++) {
                chunk.read(i, row, 0);
                if (LongStream.of(row).anyMatch(ids::contains)) {
                    return true;
                }
            }
            return false;
        }
    }

    /** {@return the names of the sources of which rows were held back} */
    public List<String> validationSources() {
        return List.copyOf(manifest.validation().keySet());
    }

    /**
     * Opens the validation rows of a source and verifies their hash.
     *
     * @throws DataException if the file is missing, damaged or another one
     * @throws IllegalArgumentException if no rows of that source were held back
     */
    public TokenChunk openValidation(String source) throws IOException {
        DataManifest.RowFile file = manifest.validation().get(source);
        if (file == null) {
            throw new IllegalArgumentException(
                    "%s: no validation rows of '%s': there are those of %s"
                            .formatted(directory, source, validationSources()));
        }
        return open(file);
    }

    TokenChunk open(DataManifest.RowFile entry) throws IOException {
        Path file = find(directory, entry);
        TokenChunk chunk = TokenChunk.open(file, entry.sha256());
        if (chunk.rowLength() != manifest.rowLength() || chunk.rows() != entry.rows()) {
            throw new DataException(
                    file,
                    "%d rows of %d ids; the manifest says %d rows of %d"
                            .formatted(
                                    chunk.rows(),
                                    chunk.rowLength(),
                                    entry.rows(),
                                    manifest.rowLength()));
        }
        return chunk;
    }

    /** Nothing is held open between calls; each chunk is closed by who opened it. */
    @Override
    public void close() {}
}
