package ai.llm360.analysis.task;

import ai.llm360.analysis.task.TaskPage.Form;
import ai.llm360.io.internal.Hashes;
import ai.llm360.io.internal.PlainText;
import com.google.gson.JsonObject;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;

/**
 * The user's directory of benchmark files. Files are found by the names that task pages list, in
 * the directory or below it, and each is hashed once. It belongs to one thread at a time.
 */
public final class TaskData {

    private static final int MAX_DEPTH = 8;
    private static final int MAX_FILES = 200_000;
    private static final long MAX_ARCHIVE = 1L << 29;
    private static final List<String> PACKED = List.of("", ".gz", ".bz2");

    private final Path directory;
    private List<Path> files;
    private final Map<Path, Map<String, byte[]>> archives = new HashMap<>();
    private final Map<Path, String> hashes = new HashMap<>();

    private TaskData(Path directory) {
        this.directory = directory;
    }

    /**
     * Opens a directory; nothing is read yet.
     *
     * @throws NotDirectoryException if it is none
     */
    public static TaskData in(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            throw new NotDirectoryException(directory.toString());
        }
        return new TaskData(directory);
    }

    /**
     * A file that documents came from.
     *
     * @param name its path below the directory; that of an entry in an archive follows a {@code !}
     * @param sha256 the hash of its bytes as they lie there
     */
    public record DataFile(String name, String sha256) {}

    /** Documents of one split, the form they came in, and their files. */
    record Loaded(Form form, List<JsonObject> documents, List<DataFile> files) {}

    /** A file, or an entry of an archive. */
    private record Found(Path file, String entry) {

        String name(Path directory) {
            String name =
                    file.startsWith(directory)
                            ? directory.relativize(file).toString()
                            : file.toString();
            return entry == null ? name : name + "!" + entry;
        }
    }

    /**
     * Reads a split's documents from the first form of the page whose file is there.
     *
     * @throws DocumentException if none is; the message lists the names and the files' origin
     */
    Loaded split(TaskPage page, String split) throws IOException {
        for (Form form : page.forms()) {
            List<String> names = form.files().getOrDefault(split, List.of());
            Optional<Found> found = find(names, form.archives().orElse(List.of()));
            if (found.isPresent()) {
                return load(page, form, split, found.get());
            }
        }
        List<String> names =
                page.forms().stream()
                        .flatMap(form -> form.files().getOrDefault(split, List.of()).stream())
                        .toList();
        if (names.isEmpty()) {
            throw new DocumentException(
                    directory.toString(),
                    "the task %s names no file of the split '%s'; name the file with the examples by"
                                    .formatted(page.name(), split)
                            + " --shots-from");
        }
        throw new DocumentException(
                directory.toString(),
                "no file for the split '%s' of %s; expected %s, here or below, perhaps with .gz or .bz2%s%s"
                        .formatted(
                                split,
                                page.name(),
                                String.join(" or ", names),
                                archiveWords(page),
                                page.source().isEmpty()
                                        ? ""
                                        : "; the public files are at " + page.source()));
    }

    private static String archiveWords(TaskPage page) {
        List<String> names =
                page.forms().stream()
                        .flatMap(form -> form.archives().orElse(List.of()).stream())
                        .distinct()
                        .toList();
        return names.isEmpty() ? "" : ", or in " + String.join(" or ", names);
    }

    /**
     * Reads documents of a file anywhere, in the form whose files have its name, else in the page's
     * first form.
     */
    Loaded file(TaskPage page, Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString());
        }
        String name = unpackedName(file);
        Form form =
                page.forms().stream()
                        .filter(
                                one ->
                                        one.files().values().stream()
                                                .flatMap(List::stream)
                                                .anyMatch(
                                                        known ->
                                                                known.substring(
                                                                                known.lastIndexOf(
                                                                                                '/')
                                                                                        + 1)
                                                                        .equals(name)))
                        .findFirst()
                        .orElse(page.forms().get(0));
        return load(page, form, "", new Found(file, null));
    }

    private Loaded load(TaskPage page, Form form, String split, Found found) throws IOException {
        String name = found.name(directory);
        List<DataFile> read = new ArrayList<>();
        read.add(new DataFile(name, sha256(found)));
        List<JsonObject> documents;
        try (InputStream in = open(found)) {
            documents = DocumentReader.read(name, in, form);
        }
        if (form.labels().isPresent()) {
            read.add(label(form.labels().get(), found, documents));
        }
        DocumentMapping mapping = new DocumentMapping(form);
        List<JsonObject> mapped = new ArrayList<>(documents.size());
        for (int i = 0; i < documents.size(); i++) {
            try {
                JsonObject document = mapping.map(documents.get(i));
                if (DocumentMapping.selects(page.where().get(split), document)) {
                    mapped.add(document);
                }
            } catch (IllegalArgumentException e) {
                throw new DocumentException(
                        name, "document %d: %s".formatted(i + 1, e.getMessage()), e);
            }
        }
        if (mapped.isEmpty()) {
            throw new DocumentException(name, "none of its documents belongs to " + page.name());
        }
        return new Loaded(form, mapped, read);
    }

    private DataFile label(List<String> names, Found found, List<JsonObject> documents)
            throws IOException {
        String file = unpackedName(found.file());
        String stem =
                file.substring(
                        0, file.lastIndexOf('.') < 0 ? file.length() : file.lastIndexOf('.'));
        List<Path> candidates =
                names.stream()
                        .map(name -> name.replace("<stem>", stem))
                        .flatMap(name -> PACKED.stream().map(packed -> name + packed))
                        .map(name -> found.file().resolveSibling(name))
                        .toList();
        Path labels =
                candidates.stream()
                        .filter(Files::isRegularFile)
                        .findFirst()
                        .orElseThrow(
                                () ->
                                        new DocumentException(
                                                found.name(directory),
                                                "no file of labels beside it; expected "
                                                        + candidates.get(0).getFileName()));
        Found label = new Found(labels, null);
        List<String> lines;
        try (InputStream in = open(label)) {
            lines = DocumentReader.lines(label.name(directory), in);
        }
        if (lines.size() != documents.size()) {
            throw new DocumentException(
                    label.name(directory),
                    "%d labels for %d documents".formatted(lines.size(), documents.size()));
        }
        for (int i = 0; i < lines.size(); i++) {
            documents.get(i).add("label", DocumentMapping.scalar(lines.get(i).strip()));
        }
        return new DataFile(label.name(directory), sha256(label));
    }

    private Optional<Found> find(List<String> names, List<String> archiveNames) throws IOException {
        for (String name : names) {
            Optional<Path> file = onDisk(name);
            if (file.isPresent()) {
                return Optional.of(new Found(file.get(), null));
            }
        }
        for (String archiveName : archiveNames) {
            Optional<Path> archive = names.isEmpty() ? Optional.empty() : onDisk(archiveName);
            if (archive.isPresent()) {
                for (String name : names) {
                    for (String entry : entries(archive.get()).keySet()) {
                        if (ends(entry, name)) {
                            return Optional.of(new Found(archive.get(), entry));
                        }
                    }
                }
            }
        }
        return Optional.empty();
    }

    private Optional<Path> onDisk(String name) throws IOException {
        for (String packed : PACKED) {
            for (Path file : files()) {
                if (ends(directory.relativize(file).toString().replace('\\', '/'), name + packed)) {
                    return Optional.of(file);
                }
            }
        }
        return Optional.empty();
    }

    private static boolean ends(String path, String name) {
        return path.equals(name) || path.endsWith("/" + name);
    }

    /** Returns the directory's files, those nearest to it first. */
    private List<Path> files() throws IOException {
        if (files == null) {
            try (Stream<Path> walk =
                    Files.find(
                            directory,
                            MAX_DEPTH,
                            (path, attributes) -> attributes.isRegularFile(),
                            FileVisitOption.FOLLOW_LINKS)) {
                files =
                        walk.limit(MAX_FILES + 1L)
                                .sorted(
                                        Comparator.comparingInt(Path::getNameCount)
                                                .thenComparing(Comparator.naturalOrder()))
                                .toList();
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
            if (files.size() > MAX_FILES) {
                throw new DocumentException(
                        directory.toString(),
                        "more than %d files; name the directory with the benchmarks' files"
                                .formatted(MAX_FILES));
            }
        }
        return files;
    }

    private Map<String, byte[]> entries(Path archive) throws IOException {
        Map<String, byte[]> known = archives.get(archive);
        if (known != null) {
            return known;
        }
        Map<String, byte[]> entries = new LinkedHashMap<>();
        long left = MAX_ARCHIVE;
        try (TarArchiveInputStream tar = new TarArchiveInputStream(unpacked(archive))) {
            for (TarArchiveEntry entry = tar.getNextEntry();
                    entry != null;
                    entry = tar.getNextEntry()) {
                if (entry.isFile() && entry.getName().endsWith(".csv")) {
                    byte[] bytes = tar.readNBytes((int) Math.min(left, Integer.MAX_VALUE - 8));
                    left -= bytes.length;
                    if (left <= 0) {
                        throw new DocumentException(
                                archive.toString(),
                                "unpacks to more than %d bytes".formatted(MAX_ARCHIVE));
                    }
                    entries.put(entry.getName(), bytes);
                }
            }
        } catch (DocumentException e) {
            throw e;
        } catch (IOException | IllegalArgumentException e) {
            throw new DocumentException(
                    archive.toString(),
                    "no whole tar archive (%s)".formatted(PlainText.shorten(e.getMessage())),
                    e);
        }
        if (entries.isEmpty()) {
            throw new DocumentException(archive.toString(), "no tar archive with tables (.csv)");
        }
        archives.put(archive, entries);
        return entries;
    }

    private InputStream open(Found found) throws IOException {
        return found.entry() == null
                ? unpacked(found.file())
                : new ByteArrayInputStream(entries(found.file()).get(found.entry()));
    }

    private static InputStream unpacked(Path file) throws IOException {
        InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        try {
            String name = file.getFileName().toString();
            if (name.endsWith(".gz")) {
                return new GZIPInputStream(in, 1 << 16);
            }
            return name.endsWith(".bz2") ? new BZip2CompressorInputStream(in, true) : in;
        } catch (IOException e) {
            in.close();
            throw new DocumentException(
                    file.toString(), "not what its name says: " + e.getMessage(), e);
        }
    }

    private static String unpackedName(Path file) {
        return file.getFileName().toString().replaceFirst("\\.(gz|bz2)$", "");
    }

    private String sha256(Found found) throws IOException {
        if (found.entry() != null) {
            return Hashes.sha256(entries(found.file()).get(found.entry()));
        }
        String known = hashes.get(found.file());
        if (known == null) {
            known = Hashes.sha256(found.file());
            hashes.put(found.file(), known);
        }
        return known;
    }
}
