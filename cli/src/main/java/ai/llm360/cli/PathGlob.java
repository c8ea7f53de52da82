package ai.llm360.cli;

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;
import java.util.function.Predicate;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A pattern for files' paths in a repository, such as {@code *.json}. */
final class PathGlob implements ITypeConverter<PathMatcher> {

    @Override
    public PathMatcher convert(String glob) {
        try {
            return FileSystems.getDefault().getPathMatcher("glob:" + glob);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(
                    "'%s' is no pattern: give one such as *.json".formatted(glob));
        }
    }

    /** Accepts what any of the patterns matches, and everything if there are none. */
    static Predicate<String> any(List<PathMatcher> globs) {
        return path ->
                globs.isEmpty() || globs.stream().anyMatch(glob -> glob.matches(Path.of(path)));
    }
}
