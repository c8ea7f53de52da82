package ai.llm360.common.data;

import ai.llm360.io.AtomicDirectory;
import java.io.BufferedWriter;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.zip.ZipException;

/** Amber's own files of token rows: {@code train/train_000.jsonl}, {@code valid/<source>.jsonl}. */
public final class AmberJsonl {

    private AmberJsonl() {}

    /** Takes rows as they are read. */
    interface Sink {
        void accept(AmberRow row) throws IOException;
    }

    /** Reads the rows of a file, plain or gzip. */
    static void read(Path file, int rowLength, int vocabularySize, Sink sink) throws IOException {
        try (TextLines lines = new TextLines(file)) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                AmberRow row;
                try {
                    row = AmberRow.parse(line);
                    row.check(rowLength, vocabularySize);
                } catch (IllegalArgumentException e) {
                    throw new DataException(
                            file.resolveSibling(file.getFileName() + ":" + lines.number()),
                            e.getMessage() + "; llm360 data validate lists all such lines",
                            e);
                }
                sink.accept(row);
            }
        } catch (CharacterCodingException e) {
            throw new DataException(file, "not UTF-8 text", e);
        } catch (ZipException | EOFException e) {
            throw new DataException(
                    file, "damaged or cut off (%s); copy it again".formatted(e.getMessage()), e);
        }
    }

    /**
     * Writes a data set as Amber's files.
     *
     * @param data the data set
     * @param directory the directory to make, whole or not at all
     * @throws DataException if its rows carry masks, for which these files have no place
     * @throws IOException if reading or writing fails, or something is at the directory
     */
    public static void write(TokenDataset data, Path directory) throws IOException {
        try (AtomicDirectory target = AtomicDirectory.begin(directory)) {
            Path train = Files.createDirectory(target.path().resolve("train"));
            for (int i = 0; i < data.chunkCount(); i++) {
                try (TokenChunk chunk = data.openChunk(i)) {
                    write(chunk, train.resolve(String.format(Locale.ROOT, "train_%03d.jsonl", i)));
                }
            }
            Path valid = Files.createDirectory(target.path().resolve("valid"));
            for (String source : data.validationSources()) {
                try (TokenChunk rows = data.openValidation(source)) {
                    write(rows, valid.resolve(source + ".jsonl"));
                }
            }
            target.commit();
        }
    }

    private static void write(TokenChunk chunk, Path file) throws IOException {
        if (chunk.hasMask()) {
            throw new DataException(
                    file,
                    "can't be written: the rows carry masks, for which Amber's JSONL has no place;"
                            + " use the data set as it is");
        }
        long[] ids = new long[chunk.rowLength()];
        try (FileChannel channel =
                        FileChannel.open(
                                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                Writer out =
                        new BufferedWriter(
                                new OutputStreamWriter(
                                        Channels.newOutputStream(channel), StandardCharsets.UTF_8),
                                1 << 16)) {
            for (long row = 0; row < chunk.rows(); row++) {
                chunk.read(row, ids, 0);
                out.write(AmberRow.toJson(ids, chunk.source(row)));
                out.write('\n');
            }
            out.flush();
            channel.force(true);
        } catch (IOException e) {
            throw DataException.writing(file, e);
        }
    }
}
