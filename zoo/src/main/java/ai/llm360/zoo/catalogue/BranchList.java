package ai.llm360.zoo.catalogue;

import ai.llm360.io.internal.WholeFile;
import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Lists the branches that a repository had when the Hub was asked. The file that keeps it is
 * specified in {@code docs/formats/branches.md}.
 *
 * @param repository the Hub's repository, such as {@code LLM360/Amber}
 * @param asked when the Hub was asked
 * @param branches the branches' names
 */
public record BranchList(String repository, Instant asked, List<String> branches) {

    private static final int FORMAT_VERSION = 1;
    private static final String ENDING = ".json";

    private static final Gson GSON =
            new GsonBuilder()
                    .disableHtmlEscaping()
                    .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
                    .create();

    /** Copies the list. */
    public BranchList {
        Objects.requireNonNull(repository, "it names no repository");
        Objects.requireNonNull(asked, "it has no date");
        branches = List.copyOf(branches);
    }

    private record Kept(int formatVersion, String repository, String asked, List<String> branches) {

        BranchList toList() {
            if (formatVersion != FORMAT_VERSION) {
                throw new IllegalArgumentException(
                        "it is of version %d; this program reads version %d"
                                .formatted(formatVersion, FORMAT_VERSION));
            }
            return new BranchList(repository, Instant.parse(asked), branches);
        }
    }

    private static Path directory(Path home) {
        return home.resolve(".branches");
    }

    /** Reads the lists that a model home keeps. */
    static List<BranchList> in(Path home) throws IOException {
        List<BranchList> lists = new ArrayList<>();
        if (Files.isDirectory(directory(home))) {
            try (Stream<Path> files = Files.list(directory(home))) {
                for (Path file : (Iterable<Path>) files.sorted()::iterator) {
                    if (file.toString().endsWith(ENDING)) {
                        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
                        lists.add(parse(text, file.toString()));
                    }
                }
            }
        }
        return lists;
    }

    /** Writes the list into a model home, in the place of an older one, whole or not at all. */
    void keepIn(Path home) throws IOException {
        Files.createDirectories(directory(home));
        WholeFile.replace(
                directory(home).resolve(repository.replace("/", "--") + ENDING),
                toJson().getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the contents of the file that keeps it: a line of JSON. */
    String toJson() {
        return GSON.toJson(new Kept(FORMAT_VERSION, repository, asked.toString(), branches)) + "\n";
    }

    /** Reads what {@link #toJson} wrote; {@code where} is what an error names. */
    static BranchList parse(String json, String where) throws IOException {
        try {
            return Objects.requireNonNull(GSON.fromJson(json, Kept.class), "it is empty").toList();
        } catch (RuntimeException e) {
            String problem =
                    e instanceof DateTimeException ? "its date can't be read" : e.getMessage();
            throw new IOException(
                    "%s: no list of branches (%s); remove it, and ask anew with llm360 list MODEL --refresh"
                            .formatted(where, problem),
                    e);
        }
    }
}
