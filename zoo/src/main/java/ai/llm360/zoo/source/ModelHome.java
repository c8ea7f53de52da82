package ai.llm360.zoo.source;

import ai.llm360.zoo.catalogue.CheckpointNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The directory that holds checkpoints by name: {@code <home>/<model>/<checkpoint>}.
 *
 * @param root the directory, which may be absent
 */
public record ModelHome(Path root) {

    /** Holds, in a training run, states that are no part of its series. */
    private static final String RESUME_POINTS = "resume";

    /**
     * Returns the user's: the system property {@code llm360.home}, else the environment variable
     * {@code LLM360_HOME}, else {@code ~/.llm360}.
     */
    public static Path ofEnvironment() {
        String property = System.getProperty("llm360.home", System.getenv("LLM360_HOME"));
        Path user = Path.of(System.getProperty("user.home"));
        if (property == null || property.isEmpty()) {
            return user.resolve(".llm360");
        }
        // Not every shell, and no file of settings, expands it.
        return property.startsWith("~/") ? user.resolve(property.substring(2)) : Path.of(property);
    }

    /** Returns the models that the home holds. */
    public List<String> models() throws IOException {
        return directories(root);
    }

    /** Returns the names of a model's checkpoints, in the order of the numbers in them. */
    public List<String> checkpoints(String model) throws IOException {
        return directories(root.resolve(model)).stream()
                .filter(name -> !name.equals(RESUME_POINTS))
                .sorted(CheckpointNames.ORDER)
                .toList();
    }

    /** Returns where a checkpoint lies, or is to lie. */
    public Path directory(String model, String checkpoint) {
        return root.resolve(model).resolve(checkpoint);
    }

    /** Returns the names of a directory's directories, but for hidden ones. */
    public static List<String> directories(Path parent) throws IOException {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(parent)) {
            return entries.filter(Files::isDirectory)
                    .map(entry -> entry.getFileName().toString())
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .toList();
        }
    }
}
