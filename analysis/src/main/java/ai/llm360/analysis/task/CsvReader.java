package ai.llm360.analysis.task;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Reads comma-separated values as Python's csv does: RFC 4180, where a quote within is doubled. */
final class CsvReader implements DocumentReader.Rows {

    private static final int MAX_ROW = 1 << 24;

    private final String name;
    private final BufferedReader text;
    private long line;
    private long next = 1;

    CsvReader(String name, BufferedReader text) {
        this.name = name;
        this.text = text;
    }

    @Override
    public long line() {
        return line;
    }

    @Override
    public List<String> next() throws IOException {
        line = next;
        List<String> row = new ArrayList<>();
        StringBuilder value = new StringBuilder();
        boolean quoted = false;
        int size = 0;
        int c = read();
        if (c < 0) {
            return null;
        }
        for (; c >= 0; c = read()) {
            if (++size > MAX_ROW) {
                throw new DocumentException(
                        name + ":" + line, "longer than %d characters".formatted(MAX_ROW));
            }
            if (quoted) {
                if (c != '"') {
                    value.append((char) c);
                } else if (peek() == '"') {
                    value.append((char) read());
                } else {
                    quoted = false;
                }
            } else if (c == '"' && value.length() == 0) {
                quoted = true;
            } else if (c == ',') {
                row.add(value.toString());
                value.setLength(0);
            } else if (c == '\n') {
                break;
            } else if (c != '\r' || peek() != '\n') {
                value.append((char) c);
            }
        }
        if (quoted) {
            throw new DocumentException(name + ":" + line, "a quote that begins here has no end");
        }
        row.add(value.toString());
        return row;
    }

    private int read() throws IOException {
        int c = text.read();
        if (c == '\n') {
            next++;
        }
        return c;
    }

    private int peek() throws IOException {
        text.mark(1);
        int c = text.read();
        text.reset();
        return c;
    }
}
