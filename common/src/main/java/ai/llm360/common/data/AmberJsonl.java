package ai.llm360.common.data;

import ai.llm360.io.internal.AtomicDirectory;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/** Amber's own files of token rows: {@code train/train_000.jsonl}, {@code valid/<source>.jsonl}. */
public final class AmberJsonl {

    private AmberJsonl() {}

    /**
     * Writes a data set as Amber's files.
     *
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
