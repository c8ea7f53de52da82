package ai.llm360.common.data;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Reads rows whole, and writes the files that documents come in. */
final class Rows {

    private Rows() {}

    static List<long[]> of(TokenChunk chunk) {
        List<long[]> rows = new ArrayList<>();
        for (long row = 0; row < chunk.rows(); row++) {
            long[] ids = new long[chunk.rowLength()];
            chunk.read(row, ids, 0);
            rows.add(ids);
        }
        return rows;
    }

    static float[] mask(TokenChunk chunk, long row) {
        float[] mask = new float[chunk.rowLength() - 1];
        chunk.readMask(row, mask, 0);
        return mask;
    }

    static List<Long> flat(TokenChunk chunk) {
        return of(chunk).stream().flatMap(row -> Arrays.stream(row).boxed()).toList();
    }

    /** All files below a directory, by their names, as text that compares byte for byte. */
    static Map<String, String> bytes(Path directory) throws IOException {
        Map<String, String> files = new java.util.TreeMap<>();
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path file : tree.filter(Files::isRegularFile).toList()) {
                files.put(
                        directory.relativize(file).toString(),
                        new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
            }
        }
        return files;
    }

    static Path gzip(Path file, String text) throws IOException {
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return file;
    }

    static Path zip(Path file, String... namesAndTexts) throws IOException {
        try (ZipOutputStream out =
                new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
            for (int i = 0; i < namesAndTexts.length; i += 2) {
                out.putNextEntry(new ZipEntry(namesAndTexts[i]));
                out.write(namesAndTexts[i + 1].getBytes(StandardCharsets.UTF_8));
            }
        }
        return file;
    }
}
