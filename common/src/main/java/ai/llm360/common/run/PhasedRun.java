package ai.llm360.common.run;

import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.io.internal.WholeFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The directory of a training in phases: {@code recipe.yaml}, and a run directory for each phase
 * that has begun. A method that can't read or write it throws {@link RunException}, and another
 * {@link IOException} only if the thread is interrupted.
 */
public final class PhasedRun {

    private static final String RECIPE = "recipe.yaml";
    private static final String CURE = "see that there is space and the right to write";

    private PhasedRun() {}

    /** {@return whether a directory, which may be absent, has a {@code recipe.yaml}} */
    public static boolean exists(Path directory) {
        return Files.exists(directory.resolve(RECIPE));
    }

    /**
     * Begins a training in phases.
     *
     * @param directory where: absent, or an empty directory; its parents are made if absent
     * @param recipe the recipe with all its phases, as YAML
     */
    public static void create(Path directory, String recipe) throws IOException {
        if (exists(directory)) {
            throw new RunException(
                    directory,
                    "holds a training in phases already; go on with it by --resume, or choose"
                            + " another directory");
        }
        try (AtomicDirectory out = AtomicDirectory.begin(directory)) {
            WholeFile.create(out.path().resolve(RECIPE), recipe.getBytes(StandardCharsets.UTF_8));
            out.commit();
        } catch (IOException e) {
            throw RunException.explain(directory, "the training can't be begun", e, CURE);
        }
    }

    /** {@return the recipe that a training goes by, the text of {@code recipe.yaml}} */
    public static String recipe(Path directory) throws IOException {
        Path file = directory.resolve(RECIPE);
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw RunException.explain(
                    file, "can't be read", e, "give the directory of a training in phases");
        }
    }

    /**
     * Gives a training another recipe from here on. If that fails, the file is whole, the old one
     * or the new.
     */
    public static void replaceRecipe(Path directory, String recipe) throws IOException {
        Path file = directory.resolve(RECIPE);
        try {
            WholeFile.replace(file, recipe.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw RunException.explain(file, "can't be written", e, CURE);
        }
    }
}
