package ai.llm360.zoo;

import ai.llm360.io.WholeFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The lists of branches that the Hub gave, each a file of the model home's hidden directory {@code
 * .branches}.
 *
 * @param directory the directory, which may be absent
 */
record KeptBranches(Path directory) {

    private static final String ENDING = ".json";

    static KeptBranches of(Path home) {
        return new KeptBranches(home.resolve(".branches"));
    }

    List<BranchList> read() throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        List<BranchList> lists = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : (Iterable<Path>) files.sorted()::iterator) {
                if (file.toString().endsWith(ENDING)) {
                    lists.add(BranchList.parse(text(file), file.toString()));
                }
            }
        }
        return lists;
    }

    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    /** Writes a list in the place of an older one, whole or not at all. */
    void keep(BranchList list) throws IOException {
        Files.createDirectories(directory);
        WholeFile.replace(
                directory.resolve(list.repository().replace("/", "--") + ENDING),
                list.toJson().getBytes(StandardCharsets.UTF_8));
    }
}
