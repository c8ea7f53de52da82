package ai.llm360.common.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The lines of a file of UTF-8, plain or gzip, none longer than {@link BoundedReader} allows. */
final class TextLines implements AutoCloseable {

    private final BoundedReader bounded;
    private final BufferedReader lines;
    private long number;

    TextLines(Path file) throws IOException {
        bounded =
                new BoundedReader(
                        file,
                        new InputStreamReader(
                                DocumentReader.open(file), StandardCharsets.UTF_8.newDecoder()),
                        "a line of more than %d characters; is it a file of lines?");
        lines = new BufferedReader(bounded, 1 << 16);
    }

    /** Returns the next line without its end, or {@code null} after the last one. */
    String next() throws IOException {
        String line = lines.readLine();
        if (line != null) {
            number++;
            bounded.next();
        }
        return line;
    }

    /** Returns the number of the line that was read last, from 1. */
    long number() {
        return number;
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
