package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.io.Hashes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
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
final class EmbeddedSeries {

    private static final List<EmbeddedSeries> MODELS =
            Stream.of("amber-nano", "crystalcoder-nano")
                    .map(model -> new EmbeddedSeries(EmbeddedFiles.of(model)))
                    .toList();

    private static final List<EmbeddedSeries> ALL =
            MODELS.stream().filter(model -> model.files.has(Series.FILE_NAME)).toList();

    private static final String WEIGHTS = "model.safetensors";
    private static final List<String> TOKENIZER =
            List.of("tokenizer.json", "tokenizer_config.json");

    private final EmbeddedFiles files;

    EmbeddedSeries(EmbeddedFiles files) {
        this.files = files;
    }

    /** Returns those with a tokenizer, which is there before the first checkpoint is trained. */
    static List<EmbeddedSeries> withTokenizers() {
        return MODELS;
    }

    /** Returns what the library brings. */
    static List<EmbeddedSeries> all() {
        return ALL;
    }

    /** Returns what the library brings under a name. */
    static EmbeddedSeries of(String model) throws ModelNotFoundException {
        return ALL.stream()
                .filter(series -> series.model().equals(model))
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
        return files.model();
    }

    /** Reads what is known of its checkpoints. */
    Series series() throws IOException {
        return Series.parse(text(Series.FILE_NAME), model() + "/" + Series.FILE_NAME);
    }

    /**
     * Copies a checkpoint into a model home, unless it is there already.
     *
     * @param checkpoint a checkpoint of the series
     * @param home the model home, which is made if it doesn't exist
     * @return the copy's directory
     * @throws IOException if it can't be written
     */
    Path copyInto(Path home, String checkpoint) throws IOException {
        Map<String, String> wanted = new LinkedHashMap<>();
        series().files().forEach(file -> wanted.put(file, file));
        wanted.put(WEIGHTS, checkpoint + "/" + WEIGHTS);
        return files.copy(wanted, copy(home, checkpoint));
    }

    /** Returns where a model home has the copy of a checkpoint, or will have it. */
    Path copy(Path home, String checkpoint) throws IOException {
        return place(home, text(Series.FILE_NAME)).resolve(checkpoint);
    }

    /**
     * Copies the tokenizer into a model home, unless it is there already. It needs no weights: it
     * is what they are trained with.
     *
     * @param home the model home, which is made if it doesn't exist
     * @return the copy's directory
     * @throws IOException if it can't be written
     */
    Path copyTokenizerInto(Path home) throws IOException {
        Map<String, String> wanted = new LinkedHashMap<>();
        StringBuilder all = new StringBuilder();
        for (String file : TOKENIZER) {
            wanted.put(file, file);
            all.append(text(file));
        }
        return files.copy(wanted, place(home, all.toString()).resolve("tokenizer"));
    }

    private String text(String file) throws IOException {
        try (InputStream in = files.open(file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Whether copies of this series' checkpoints lie in a directory. */
    boolean isPlace(Path directory) throws IOException {
        Path embedded = directory.getParent();
        return embedded != null
                && embedded.getParent() != null
                && directory.equals(place(embedded.getParent(), text(Series.FILE_NAME)));
    }

    private Path place(Path home, String contents) {
        String name = model() + "-" + Hashes.sha256(contents).substring(0, 12);
        return home.resolve(".embedded").resolve(name);
    }
}
