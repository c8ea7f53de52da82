package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A series that comes inside the jar. A checkpoint is copied into the model home when it is first
 * asked for, because libtorch maps weights from files.
 *
 * <p>The copies lie in a hidden directory that carries a digest of the series, {@code
 * <home>/.embedded/<model>-<digest>/<checkpoint>}: what an older version of the library has copied
 * is never mistaken for this one's, and what users put into their home is never touched.
 */
final class EmbeddedSeries {

    private static final List<EmbeddedSeries> ALL = List.of();

    private static final String WEIGHTS = "model.safetensors";

    /** Opens what lies in the jar. */
    @FunctionalInterface
    interface Resources {

        /** Opens a file by its path below the series' directory, or returns null. */
        InputStream open(String file) throws IOException;
    }

    private final String model;
    private final Resources resources;

    EmbeddedSeries(String model, Resources resources) {
        this.model = model;
        this.resources = resources;
    }

    /** Returns what the library brings. */
    static List<EmbeddedSeries> all() {
        return ALL;
    }

    /** Returns what the library brings under a name. */
    static EmbeddedSeries of(String model) throws ModelNotFoundException {
        return ALL.stream()
                .filter(series -> series.model.equals(model))
                .findFirst()
                .orElseThrow(
                        () ->
                                new ModelNotFoundException(
                                        "no series '%s': the library brings %s"
                                                .formatted(
                                                        model,
                                                        ALL.stream()
                                                                .map(EmbeddedSeries::model)
                                                                .toList())));
    }

    /** Returns the name that it is referred to by. */
    String model() {
        return model;
    }

    /** Reads what is known of its checkpoints. */
    Series series() throws IOException {
        return Series.parse(text(), model + "/" + Series.FILE_NAME);
    }

    private String text() throws IOException {
        try (InputStream in = open(Series.FILE_NAME)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /**
     * Copies a checkpoint into a model home, unless it is there already: whole or not at all, also
     * when several processes do so at once.
     *
     * @param checkpoint a checkpoint of the series
     * @param home the model home, which is made if it doesn't exist
     * @return the copy's directory
     * @throws IOException if it can't be written
     */
    Path copyInto(Path home, String checkpoint) throws IOException {
        String digest = digest(text()).substring(0, 12);
        Path parent = home.resolve(".embedded").resolve(model + "-" + digest);
        Path target = parent.resolve(checkpoint);
        if (Files.isDirectory(target)) {
            return target;
        }
        List<String> files = new ArrayList<>(series().files());
        files.add(WEIGHTS);
        Files.createDirectories(parent);
        Path unfinished = Files.createTempDirectory(parent, "." + checkpoint);
        try {
            for (String file : files) {
                String from = file.equals(WEIGHTS) ? checkpoint + "/" + WEIGHTS : file;
                try (InputStream in = open(from)) {
                    Files.copy(in, unfinished.resolve(file));
                }
            }
            Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (!Files.isDirectory(target)) { // else another process was first
                throw e;
            }
        } finally {
            for (String file : files) {
                Files.deleteIfExists(unfinished.resolve(file));
            }
            Files.deleteIfExists(unfinished);
        }
        return target;
    }

    private InputStream open(String file) throws IOException {
        InputStream in = resources.open(file);
        if (in == null) {
            throw new FileNotFoundException(
                    "the library lacks embedded/%s/%s: is its jar whole?".formatted(model, file));
        }
        return in;
    }

    private static String digest(String text) {
        MessageDigest digest = TensorHashes.sha256();
        return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    }
}
