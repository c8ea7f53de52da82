package ai.llm360.common.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Path;

/** Divides a text into documents while it is read, so that only one of them is in memory. */
abstract class TextSplitter {

    private final Path at;
    protected final StringBuilder document = new StringBuilder();
    private BoundedReader bounded;
    private DocumentReader.Sink sink;

    private TextSplitter(Path at) {
        this.at = at;
    }

    static TextSplitter of(DataRecipe.Split split, Path at) {
        return switch (split) {
            case NONE -> new AtCharacter(at, -1);
            case FORM_FEED -> new AtCharacter(at, '\f');
            case LINES -> new AtCharacter(at, '\n');
            case BLANK_LINES -> new BlankLines(at);
        };
    }

    /** Divides at a character, which belongs to no document; -1 is none. */
    private static final class AtCharacter extends TextSplitter {
        private final int end;

        private AtCharacter(Path at, int end) {
            super(at);
            this.end = end;
        }

        @Override
        void take(char c) throws IOException {
            if (c != end) {
                document.append(c);
            } else {
                boolean windows = c == '\n' && endsWith('\r');
                end(document.length() - (windows ? 1 : 0), "");
            }
        }
    }

    void split(Reader text, DocumentReader.Sink into) throws IOException {
        sink = into;
        bounded =
                new BoundedReader(
                        at,
                        text,
                        "a text of more than %d characters; divide it by split, or make it JSONL");
        char[] part = new char[1 << 13];
        BufferedReader in = new BufferedReader(bounded, 1 << 16);
        for (int read = in.read(part); read >= 0; read = in.read(part)) {
            for (int i = 0; i < read; i++) {
                take(part[i]);
            }
        }
        finish();
    }

    abstract void take(char c) throws IOException;

    void finish() throws IOException {
        end(document.length(), "");
    }

    final boolean endsWith(char c) {
        return document.length() > 0 && document.charAt(document.length() - 1) == c;
    }

    /** Hands over the first characters, and begins the next document. */
    final void end(int length, String next) throws IOException {
        document.setLength(length);
        sink.accept(document.toString());
        document.setLength(0);
        document.append(next);
        bounded.next();
    }

    /**
     * Divides where two lines or more are empty or of blanks only, as the regular expression {@code
     * (\r?\n[ \t]*){3,}} would.
     */
    private static final class BlankLines extends TextSplitter {

        /** The first of the line ends between which there are only blanks. */
        private int start;

        private int ends;
        private boolean halfEnd;

        private BlankLines(Path at) {
            super(at);
        }

        @Override
        void take(char c) throws IOException {
            boolean blank = c == ' ' || c == '\t';
            if (c == '\n') {
                if (ends++ == 0) {
                    start = document.length() - (endsWith('\r') ? 1 : 0);
                }
                halfEnd = false;
            } else if (ends > 0 && (halfEnd || !(blank || c == '\r'))) {
                divide();
            }
            halfEnd = ends > 0 && c == '\r';
            document.append(c);
        }

        private void divide() throws IOException {
            if (ends >= 3) {
                end(start, halfEnd ? "\r" : "");
            }
            ends = 0;
            halfEnd = false;
        }

        @Override
        void finish() throws IOException {
            divide();
            super.finish();
        }
    }
}
