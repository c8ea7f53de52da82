package ai.llm360.zoo;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A model that comes inside the jar, small enough to try everything with at once. It is copied into
 * the model home when it is first asked for, because libtorch maps weights from files.
 */
enum EmbeddedModel {
    /** 103 thousand parameters, trained by this project on very short stories of its own. */
    TINY("tiny", "v1");

    private static final List<String> FILES =
            List.of("config.json", "model.safetensors", "tokenizer.json");

    private final String model;
    private final String checkpoint;

    EmbeddedModel(String model, String checkpoint) {
        this.model = model;
        this.checkpoint = checkpoint;
    }

    /** Returns the name that it is referred to by. */
    String model() {
        return model;
    }

    /** Finds the model that a reference means, if it is one of these. */
    static Optional<EmbeddedModel> of(Reference.Named reference) {
        return Arrays.stream(values())
                .filter(embedded -> embedded.model.equals(reference.model()))
                .filter(
                        embedded ->
                                reference.checkpoint().equals(embedded.checkpoint)
                                        || reference.checkpoint().equals(Reference.Named.LATEST))
                .findFirst();
    }

    /**
     * Copies the model into a model home, unless it is there already: whole or not at all, also
     * when several processes do so at once.
     *
     * @param home the model home, which is made if it doesn't exist
     * @throws IOException if it can't be written
     */
    void copyInto(Path home) throws IOException {
        Path target = home.resolve(model).resolve(checkpoint);
        if (Files.isDirectory(target)) {
            return;
        }
        Path parent = Files.createDirectories(target.getParent());
        Path unfinished = Files.createTempDirectory(parent, "." + checkpoint); // not listed
        try {
            for (String file : FILES) {
                copy(file, unfinished.resolve(file));
            }
            Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (!Files.isDirectory(target)) { // else another process was first
                throw e;
            }
        } finally {
            delete(unfinished);
        }
    }

    private void copy(String file, Path target) throws IOException {
        String resource = "embedded/" + model + "/" + file;
        try (InputStream in = EmbeddedModel.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new FileNotFoundException("the class path lacks ai/llm360/zoo/" + resource);
            }
            Files.copy(in, target);
        }
    }

    private static void delete(Path directory) throws IOException {
        for (String file : FILES) {
            Files.deleteIfExists(directory.resolve(file));
        }
        Files.deleteIfExists(directory);
    }
}
