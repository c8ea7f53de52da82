package ai.llm360.common.data;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/** Finds the files that a source means, and tells which names of entries it takes. */
final class SourceFiles {

    private static final Pattern WILDCARD = Pattern.compile("[*?\\[{]");

    private final List<PathMatcher> included;
    private final List<PathMatcher> excluded;

    SourceFiles(DataRecipe.Source source) {
        included = source.include().orElse(List.of("**")).stream().map(this::glob).toList();
        excluded = source.exclude().orElse(List.of()).stream().map(this::glob).toList();
    }

    private PathMatcher glob(String pattern) {
        try {
            return FileSystems.getDefault().getPathMatcher("glob:" + pattern);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "'%s' is no glob: %s".formatted(pattern, e.getDescription()), e);
        }
    }

    /** Tells whether a name, with slashes between its parts, is taken. */
    boolean takes(String name) {
        Path path = Path.of(name);
        return included.stream().anyMatch(glob -> glob.matches(path))
                && excluded.stream().noneMatch(glob -> glob.matches(path));
    }

    /**
     * Finds the files that a file, a directory or a glob means, at least one, in the order of their
     * names.
     */
    List<Path> find(Path base, String given) throws IOException {
        Optional<Path> plain = plain(base, given);
        List<Path> found;
        if (plain.isEmpty()) {
            found = matching(base, given);
        } else if (Files.isDirectory(plain.get())) {
            Path root = plain.get();
            found = below(root, file -> takes(slashed(root.relativize(file))));
        } else if (Files.isRegularFile(plain.get())) {
            return List.of(plain.get());
        } else {
            throw new DataException(plain.get(), "no such file or directory");
        }
        if (found.isEmpty()) {
            throw new DataException(
                    base.resolve(plain.map(Path::toString).orElse(".")).normalize(),
                    "no file matches %s; check path, include and exclude".formatted(given));
        }
        return found;
    }

    private static Optional<Path> plain(Path base, String given) {
        boolean wild = WILDCARD.matcher(given).find();
        // A file may really be called so.
        if (wild && !Files.exists(base.resolve(given))) {
            return Optional.empty();
        }
        return Optional.of(base.resolve(given).normalize());
    }

    private List<Path> matching(Path base, String given) throws IOException {
        int wild = WILDCARD.matcher(given).results().findFirst().orElseThrow().start();
        int slash = given.lastIndexOf('/', wild);
        Path root = base.resolve(slash < 0 ? "" : given.substring(0, slash + 1)).normalize();
        if (!Files.isDirectory(root)) {
            throw new DataException(root, "no such directory, looking for " + given);
        }
        PathMatcher glob = glob(given.substring(slash + 1));
        return below(
                root,
                file -> {
                    Path name = root.relativize(file);
                    return glob.matches(name) && takes(slashed(name));
                });
    }

    private static List<Path> below(Path root, Predicate<Path> taken) throws IOException {
        try (Stream<Path> tree = Files.walk(root)) {
            return tree.filter(Files::isRegularFile)
                    .filter(taken)
                    .sorted((a, b) -> slashed(a).compareTo(slashed(b)))
                    .toList();
        }
    }

    private static String slashed(Path path) {
        return path.toString().replace('\\', '/');
    }
}
