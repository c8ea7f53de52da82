package ai.llm360.zoo.source;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.io.internal.Hashes;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A series that comes inside the jar. A checkpoint is copied into the model home when it is first
 * asked for, because libtorch maps weights from files.
 *
 * <p>The copies lie in a hidden directory that carries a digest of the series, {@code
 * <home>/.embedded/<model>-<digest>/<checkpoint>}: what an older version of the library has copied
 * is never mistaken for this one's, and what users put into their home is never touched.
 */
public final class EmbeddedSeries {

    private static final List<EmbeddedSeries> ALL =
            Stream.of("amber-nano", "amber-nano-chat", "crystalcoder-nano")
                    .map(EmbeddedSeries::inJar)
                    .toList();

    private static final String WEIGHTS = "model.safetensors";
    private static final List<String> TOKENIZER =
            List.of("tokenizer.json", "tokenizer_config.json");

    private final String model;
    private final Resources resources;

    /** Opens what lies in the jar. */
    @FunctionalInterface
    public interface Resources {

        /** Opens a file by its path below the model's directory, or returns null. */
        InputStream open(String file) throws IOException;
    }

    public EmbeddedSeries(String model, Resources resources) {
        this.model = model;
        this.resources = resources;
    }

    private static EmbeddedSeries inJar(String model) {
        String directory = "/ai/llm360/zoo/embedded/" + model + "/";
        return new EmbeddedSeries(
                model, file -> EmbeddedSeries.class.getResourceAsStream(directory + file));
    }

    /** Returns what the library brings. */
    public static List<EmbeddedSeries> all() {
        return ALL;
    }

    /** Returns what the library brings under a name. */
    public static EmbeddedSeries of(String model) throws ModelNotFoundException {
        List<String> models = ALL.stream().map(EmbeddedSeries::model).toList();
        if (!models.contains(model)) {
            throw new ModelNotFoundException(
                    "no series '%s': the library brings %s".formatted(model, models));
        }
        return ALL.get(models.indexOf(model));
    }

    /** Returns the name that it is referred to by. */
    public String model() {
        return model;
    }

    /** Opens a file by its path below the model's directory. */
    public InputStream open(String file) throws IOException {
        InputStream in = resources.open(file);
        if (in == null) {
            throw new FileNotFoundException(
                    "the library lacks embedded/%s/%s: is its jar whole?".formatted(model, file));
        }
        return in;
    }

    /** Reads what is known of its checkpoints. */
    public SeriesFile series() throws IOException {
        return SeriesFile.parse(text(SeriesFile.FILE_NAME), model() + "/" + SeriesFile.FILE_NAME);
    }

    /** Copies a checkpoint into a model home, unless it is there already, and returns where. */
    public Path copyInto(Path home, String checkpoint) throws IOException {
        Map<String, String> wanted = new LinkedHashMap<>();
        series().files().forEach(file -> wanted.put(file, file));
        wanted.put(WEIGHTS, checkpoint + "/" + WEIGHTS);
        return copy(wanted, copy(home, checkpoint));
    }

    /** Returns where a model home has the copy of a checkpoint, or will have it. */
    public Path copy(Path home, String checkpoint) throws IOException {
        return place(home, text(SeriesFile.FILE_NAME)).resolve(checkpoint);
    }

    /**
     * Copies the tokenizer into a model home, unless it is there already, and returns where. It
     * needs no weights: it is what they are trained with.
     */
    public Path copyTokenizerInto(Path home) throws IOException {
        Map<String, String> wanted = new LinkedHashMap<>();
        StringBuilder all = new StringBuilder();
        for (String file : TOKENIZER) {
            wanted.put(file, file);
            all.append(text(file));
        }
        return copy(wanted, place(home, all.toString()).resolve("tokenizer"));
    }

    /**
     * Makes a directory of copies, unless it is there already: whole or not at all, also when
     * several processes do so at once.
     *
     * @param files which file becomes which, by the copy's name
     */
    private Path copy(Map<String, String> files, Path target) throws IOException {
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

    private String text(String file) throws IOException {
        try (InputStream in = open(file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Returns whether copies of this series' checkpoints lie in a directory. */
    public boolean isPlace(Path directory) throws IOException {
        Path embedded = directory.getParent();
        return embedded != null
                && embedded.getParent() != null
                && directory.equals(place(embedded.getParent(), text(SeriesFile.FILE_NAME)));
    }

    private Path place(Path home, String contents) {
        String name = model() + "-" + Hashes.sha256(contents).substring(0, 12);
        return home.resolve(".embedded").resolve(name);
    }
}
