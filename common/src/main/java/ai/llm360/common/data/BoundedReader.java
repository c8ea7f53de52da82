package ai.llm360.common.data;

import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Path;

/**
 * Reads text of which no line or document may be longer than memory holds, whatever a file of a few
 * kilobytes unpacks to. Whoever reads it says where each begins.
 */
final class BoundedReader extends FilterReader {

    /** A text of 100 MB, such as enwik8, may still be one document. */
    static final int MAX_CHARACTERS = 1 << 27;

    private final Path file;
    private final String what;
    private long left = MAX_CHARACTERS;
    private long number = 1;

    /** Creates a reader; {@code what} says what is bounded, and what to do about a longer one. */
    BoundedReader(Path file, Reader in, String what) {
        super(in);
        this.file = file;
        this.what = what;
    }

    /** Says that the next line or document begins about here. */
    void next() {
        left = MAX_CHARACTERS;
        number++;
    }

    @Override
    public int read() throws IOException {
        char[] one = new char[1];
        return read(one, 0, 1) < 0 ? -1 : one[0];
    }

    @Override
    public int read(char[] into, int from, int count) throws IOException {
        int read = super.read(into, from, count);
        left -= Math.max(0, read);
        if (left < 0) {
            throw new DataException(
                    file.resolveSibling(file.getFileName() + ":" + number),
                    what.formatted(MAX_CHARACTERS));
        }
        return read;
    }
}
