package ai.llm360.common.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/** The formats of ready rows that are on the class path. */
final class RowFormats {

    private RowFormats() {}

    static Optional<RowFormat> named(String name) {
        return all().filter(format -> format.name().equals(name)).findFirst();
    }

    /** Finds the format that a file's name speaks of. */
    static Optional<RowFormat> of(Path file) {
        String name = file.getFileName().toString();
        return all().filter(format -> format.takes(name)).findFirst();
    }

    static List<String> names() {
        return all().map(RowFormat::name).sorted().toList();
    }

    private static Stream<RowFormat> all() {
        ClassLoader loader = RowFormat.class.getClassLoader();
        return ServiceLoader.load(RowFormat.class, loader).stream()
                .map(ServiceLoader.Provider::get);
    }
}
