package ai.llm360.common.data;

import ai.llm360.io.internal.PlainText;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** Reads the documents of a source's files, one after another. */
final class DocumentReader {

    /** Takes documents as they are read. */
    interface Sink {
        void accept(String document) throws IOException;
    }

    private final DataRecipe.Source source;
    private final SourceFiles names;
    private final PartFilter filter;

    DocumentReader(DataRecipe.Source source) {
        this.source = source;
        names = new SourceFiles(source);
        filter = PartFilter.of(source.pattern(), source.document());
    }

    void read(Path file, Sink sink) throws IOException {
        try {
            switch (source.kind()) {
                case TEXT -> {
                    try (InputStream in = open(file)) {
                        readText(file, "", in, sink);
                    }
                }
                case JSONL -> readJsonLines(file, sink);
                case ARCHIVE -> readArchive(file, sink);
                case AMBER_JSONL, ROWS -> throw new IllegalStateException("rows are not documents");
            }
        } catch (ZipException | EOFException e) {
            throw new DataException(
                    file, "damaged or cut off (%s); copy it again".formatted(e.getMessage()), e);
        }
    }

    /** Opens a file, unpacking it if it is gzip, which its first two bytes say. */
    static InputStream open(Path file) throws IOException {
        InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        try {
            in.mark(2);
            boolean gzip = in.read() == 0x1f && in.read() == 0x8b;
            in.reset();
            return gzip ? new GZIPInputStream(in, 1 << 16) : in;
        } catch (IOException | RuntimeException e) {
            in.close();
            throw e;
        }
    }

    private void readText(Path file, String entry, InputStream in, Sink sink) throws IOException {
        Path at = entry.isEmpty() ? file : file.resolveSibling(file.getFileName() + "!" + entry);
        Reader text = new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder());
        try {
            TextSplitter.of(source.split().orElse(DataRecipe.Split.NONE), at)
                    .split(text, part -> accept(part, sink));
        } catch (CharacterCodingException e) {
            throw new DataException(
                    at, "not UTF-8 text; convert it, or leave it out by exclude", e);
        }
    }

    /** An empty text would be a document of an end token alone. */
    private void accept(String part, Sink sink) throws IOException {
        String document = filter.apply(part).orElse("");
        if (!document.isBlank()) {
            sink.accept(document);
        }
    }

    private void readJsonLines(Path file, Sink sink) throws IOException {
        String field = source.field().orElse("text");
        try (TextLines lines = new TextLines(file)) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                if (!line.isBlank()) {
                    accept(text(file, lines.number(), line, field), sink);
                }
            }
        } catch (CharacterCodingException e) {
            throw new DataException(file, "not UTF-8 text; convert it", e);
        }
    }

    private static String text(Path file, long line, String json, String field)
            throws DataException {
        Path at = file.resolveSibling(file.getFileName() + ":" + line);
        JsonElement root;
        try {
            root = JsonParser.parseString(json);
        } catch (JsonParseException e) {
            throw new DataException(at, "not JSON; each line is an object", e);
        }
        JsonObject object = root.isJsonObject() ? root.getAsJsonObject() : new JsonObject();
        JsonElement text = object.get(field);
        if (text == null || !text.isJsonPrimitive() || !text.getAsJsonPrimitive().isString()) {
            String fields =
                    object.isEmpty() ? "no fields" : PlainText.shorten(object.keySet().toString());
            throw new DataException(
                    at,
                    "no text in the field '%s'; there are %s: name the right one by field"
                            .formatted(field, fields));
        }
        return text.getAsString();
    }

    private void readArchive(Path file, Sink sink) throws IOException {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            List<? extends ZipEntry> entries =
                    zip.stream()
                            .filter(entry -> !entry.isDirectory() && names.takes(entry.getName()))
                            .sorted(Comparator.comparing(ZipEntry::getName))
                            .toList();
            if (entries.isEmpty()) {
                throw new DataException(file, "no entry matches; check include and exclude");
            }
            for (ZipEntry entry : entries) {
                try (InputStream in = zip.getInputStream(entry)) {
                    readText(file, entry.getName(), in, sink);
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
