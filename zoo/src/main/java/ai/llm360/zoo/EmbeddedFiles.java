package ai.llm360.zoo;

import ai.llm360.io.AtomicDirectory;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Files of a model in the jar.
 *
 * @param model the model's name
 * @param resources what opens them
 */
record EmbeddedFiles(String model, Resources resources) {

    /** Opens what lies in the jar. */
    @FunctionalInterface
    interface Resources {

        /** Opens a file by its path below the model's directory, or returns null. */
        InputStream open(String file) throws IOException;
    }

    /** Those of a model that the library brings. */
    static EmbeddedFiles of(String model) {
        return new EmbeddedFiles(
                model,
                file -> EmbeddedFiles.class.getResourceAsStream("embedded/" + model + "/" + file));
    }

    /** Whether a file is there. */
    boolean has(String file) {
        try (InputStream in = resources.open(file)) {
            return in != null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Opens a file. */
    InputStream open(String file) throws IOException {
        InputStream in = resources.open(file);
        if (in == null) {
            throw new FileNotFoundException(
                    "the library lacks embedded/%s/%s: is its jar whole?".formatted(model, file));
        }
        return in;
    }

    /**
     * Makes a directory of copies, unless it is there already: whole or not at all, also when
     * several processes do so at once.
     *
     * @param files which file becomes which, by the copy's name
     * @param target the directory, whose parents are made if they don't exist
     * @return the target
     * @throws IOException if it can't be written
     */
    Path copy(Map<String, String> files, Path target) throws IOException {
        if (Files.isDirectory(target)) {
            return target;
        }
        try (AtomicDirectory copies = AtomicDirectory.begin(target)) {
            for (Map.Entry<String, String> file : files.entrySet()) {
                try (InputStream in = open(file.getValue())) {
                    Files.copy(in, copies.path().resolve(file.getKey()));
                }
            }
            copies.commit();
        } catch (FileSystemException e) {
            if (!Files.isDirectory(target)) { // else another process was first
                throw e;
            }
        }
        return target;
    }
}
