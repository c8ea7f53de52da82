package ai.llm360.analysis.task;

import ai.llm360.analysis.task.TaskPage.Form;
import ai.llm360.io.internal.PlainText;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.FilterReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipException;

/** Reads a benchmark's file of one {@link TaskPage.Format} as JSON objects. */
final class DocumentReader {

    private static final int MAX_DOCUMENTS = 2_000_000;
    private static final int MAX_LINE = 1 << 24;
    private static final int MAX_TEXT = 1 << 28;
    private static final int MAX_DEPTH = 32;

    private final String name;
    private final List<JsonObject> documents = new ArrayList<>();

    private DocumentReader(String name) {
        this.name = name;
    }

    /**
     * Reads all documents.
     *
     * @param name the file's name, for errors
     * @param in the file's bytes, unpacked
     * @throws DocumentException if it is not of the form, or larger than documents are
     */
    static List<JsonObject> read(String name, InputStream in, Form form) throws IOException {
        DocumentReader reader = new DocumentReader(name);
        try (BufferedReader text =
                new BufferedReader(
                        new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()))) {
            reader.read(text, form);
        } catch (CharacterCodingException e) {
            throw new DocumentException(name, "not UTF-8 text", e);
        } catch (EOFException | ZipException e) {
            throw new DocumentException(
                    name, "damaged or cut off (%s)".formatted(e.getMessage()), e);
        }
        if (reader.documents.isEmpty()) {
            throw new DocumentException(name, "no documents");
        }
        return reader.documents;
    }

    private void read(BufferedReader text, Form form) throws IOException {
        switch (form.format()) {
            case JSONL -> readJsonLines(text);
            case JSON -> readJsonList(text);
            case CSV -> new Table(form).read(new CsvReader(name, text));
            case TSV -> new Table(form).read(new TabReader(text));
            case LINES -> readLines(text, form.lines().orElse(1));
            case WIKITEXT -> readPages(text);
        }
    }

    /** Reads the lines of a file, without bounds on what they mean. */
    static List<String> lines(String name, InputStream in) throws IOException {
        DocumentReader reader = new DocumentReader(name);
        List<String> lines = new ArrayList<>();
        try (BufferedReader text =
                new BufferedReader(
                        new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()))) {
            for (String line = reader.line(text, 1); line != null; ) {
                reader.bound(lines.size());
                lines.add(line);
                line = reader.line(text, lines.size() + 1);
            }
        } catch (CharacterCodingException e) {
            throw new DocumentException(name, "not UTF-8 text", e);
        }
        return lines;
    }

    /** Returns the next line without its end, or null; only \n ends one, and \r before it. */
    private String line(Reader text, long number) throws IOException {
        StringBuilder line = new StringBuilder();
        int c = text.read();
        if (c < 0) {
            return null;
        }
        for (; c >= 0 && c != '\n'; c = text.read()) {
            line.append((char) c);
            if (line.length() > MAX_LINE) {
                throw new DocumentException(
                        name + ":" + number, "longer than %d characters".formatted(MAX_LINE));
            }
        }
        int end = line.length();
        return end > 0 && line.charAt(end - 1) == '\r'
                ? line.substring(0, end - 1)
                : line.toString();
    }

    private void add(JsonObject document) throws DocumentException {
        bound(documents.size());
        documents.add(document);
    }

    private void bound(int count) throws DocumentException {
        if (count >= MAX_DOCUMENTS) {
            throw new DocumentException(name, "more than %d documents".formatted(MAX_DOCUMENTS));
        }
    }

    private void readJsonLines(Reader text) throws IOException {
        String line = line(text, 1);
        for (long number = 1; line != null; number++) {
            if (!line.isBlank()) {
                add(object(number, line));
            }
            line = line(text, number + 1);
        }
    }

    private JsonObject object(long number, String line) throws IOException {
        try {
            JsonReader json = json(new StringReader(line));
            JsonElement element = JsonParser.parseReader(json);
            if (element.isJsonObject() && json.peek() == JsonToken.END_DOCUMENT) {
                return element.getAsJsonObject();
            }
        } catch (JsonParseException | MalformedJsonException e) {
            throw new DocumentException(
                    name + ":" + number,
                    "not JSON (%s); expected an object a line".formatted(PlainText.jsonProblem(e)),
                    e);
        }
        throw new DocumentException(name + ":" + number, "expected one JSON object a line");
    }

    private void readJsonList(Reader text) throws IOException {
        try (JsonReader json = json(new Bounded(text))) {
            json.beginArray();
            while (json.hasNext()) {
                JsonElement element = JsonParser.parseReader(json);
                if (!element.isJsonObject()) {
                    throw new DocumentException(
                            name, "record %d is no object".formatted(documents.size() + 1));
                }
                add(element.getAsJsonObject());
            }
            json.endArray();
        } catch (JsonParseException | MalformedJsonException | IllegalStateException e) {
            throw new DocumentException(
                    name,
                    "not JSON behind record %d (%s); expected a list of objects"
                            .formatted(documents.size(), PlainText.jsonProblem(e)),
                    e);
        }
    }

    private static JsonReader json(Reader text) {
        JsonReader reader = new JsonReader(text);
        reader.setStrictness(Strictness.STRICT);
        reader.setNestingLimit(MAX_DEPTH);
        return reader;
    }

    private void readLines(Reader text, int each) throws IOException {
        String line = line(text, 1);
        long number = 1;
        while (line != null) {
            JsonObject document = new JsonObject();
            for (int i = 0; i < each; i++) {
                if (line == null) {
                    throw new DocumentException(
                            name, "ends within a document of %d lines".formatted(each));
                }
                document.addProperty(each == 1 ? "text" : String.valueOf(i), line);
                line = line(text, ++number);
            }
            add(document);
        }
    }

    /**
     * Cuts WikiText before each heading of the first level, as EleutherAI/wikitext_document_level
     * does: a line {@code = Title =}, where {@code = =} counts as one mark of a deeper level.
     */
    private void readPages(Reader text) throws IOException {
        StringBuilder page = new StringBuilder();
        long total = 0;
        boolean first = true;
        String line = line(text, 1);
        for (long number = 1; line != null; number++) {
            total += line.length() + 1;
            if (total > MAX_TEXT) {
                throw new DocumentException(name, "more than %d characters".formatted(MAX_TEXT));
            }
            String marks = PythonText.strip(line.replace("= = =", "===").replace("= =", "=="));
            if (marks.startsWith("= ") && marks.endsWith(" =")) {
                addPage(page);
                page.setLength(0);
                first = true;
            }
            page.append(first ? "" : "\n").append(line);
            first = false;
            line = line(text, number + 1);
        }
        page.append('\n'); // a file ends with the end of its last line
        addPage(page);
    }

    private void addPage(StringBuilder page) throws DocumentException {
        if (!page.toString().isBlank()) {
            JsonObject document = new JsonObject();
            document.addProperty("page", page.toString());
            add(document);
        }
    }

    /** Rows of text. */
    interface Rows {

        /** Returns the next row, or null. */
        List<String> next() throws IOException;

        /** Returns the line at which the last row began. */
        long line();
    }

    /** The rows of a file of tabs. */
    private final class TabReader implements Rows {

        private final Reader text;
        private long line;

        TabReader(Reader text) {
            this.text = text;
        }

        @Override
        public List<String> next() throws IOException {
            String row = DocumentReader.this.line(text, ++line);
            return row == null ? null : List.of(row.split("\t", -1));
        }

        @Override
        public long line() {
            return line;
        }
    }

    /** A table, whose columns' names are the form's or its first row. */
    private final class Table {

        private List<String> columns;
        private boolean first = true;

        Table(Form form) {
            columns = form.columns().orElse(null);
        }

        /** Copies of files without names of columns have them, perhaps others in the middle. */
        private boolean isHeader(List<String> row) {
            int last = columns.size() - 1;
            return row.size() == columns.size()
                    && row.get(0).equalsIgnoreCase(columns.get(0))
                    && row.get(last).equalsIgnoreCase(columns.get(last));
        }

        void read(Rows rows) throws IOException {
            for (List<String> row = rows.next(); row != null; row = rows.next()) {
                if (row.size() == 1 && row.get(0).isBlank()) {
                    continue;
                }
                if (columns == null) {
                    columns = row;
                    first = false;
                    continue;
                }
                if (first && isHeader(row)) {
                    first = false;
                    continue;
                }
                first = false;
                if (row.size() != columns.size()) {
                    throw new DocumentException(
                            name + ":" + rows.line(),
                            "%d values; expected %d: %s"
                                    .formatted(
                                            row.size(),
                                            columns.size(),
                                            PlainText.shorten(String.join(", ", columns))));
                }
                JsonObject document = new JsonObject();
                for (int i = 0; i < row.size(); i++) {
                    document.addProperty(columns.get(i), row.get(i));
                }
                add(document);
            }
        }
    }

    /** Bounds a text that is read as a whole. */
    private final class Bounded extends FilterReader {

        private long left = MAX_TEXT;

        Bounded(Reader in) {
            super(in);
        }

        @Override
        public int read(char[] into, int from, int count) throws IOException {
            int read = super.read(into, from, count);
            left -= Math.max(0, read);
            if (left < 0) {
                throw new DocumentException(name, "more than %d characters".formatted(MAX_TEXT));
            }
            return read;
        }
    }
}
