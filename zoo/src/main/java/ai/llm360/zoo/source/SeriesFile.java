package ai.llm360.zoo.source;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.torch.Machine;
import ai.llm360.zoo.Reference;
import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * The checkpoints of one training run, in its order, with what is known of each: the file {@code
 * series.json}, which {@code docs/formats/series.md} specifies.
 *
 * <pre>{@code
 * for (SeriesCheckpoint checkpoint : SeriesFile.of("amber-nano").checkpoints()) {
 *     System.out.println(checkpoint.name() + " " + checkpoint.loss());
 * }
 * }</pre>
 *
 * @param formatVersion the version of the file's format
 * @param model the model's name; {@code model@checkpoint} is a {@link Reference}
 * @param madeOn where it was trained
 * @param files the files that all checkpoints share, such as {@code config.json}
 * @param checkpoints the checkpoints, first to last
 */
public record SeriesFile(
        int formatVersion,
        String model,
        Machine madeOn,
        List<String> files,
        List<SeriesCheckpoint> checkpoints) {

    /** The version written, and the only one read. */
    public static final int FORMAT_VERSION = 1;

    /** The file's name. */
    public static final String FILE_NAME = "series.json";

    private static final Gson GSON =
            new GsonBuilder()
                    .disableHtmlEscaping()
                    .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
                    .create();

    /** Checks what was given. */
    public SeriesFile {
        if (formatVersion != FORMAT_VERSION) {
            throw new IllegalArgumentException(
                    "version %d of the series format; this program reads version %d"
                            .formatted(formatVersion, FORMAT_VERSION));
        }
        Objects.requireNonNull(model, "a series lacks its model");
        Objects.requireNonNull(madeOn, "a series lacks made_on");
        files = List.copyOf(files);
        checkpoints = List.copyOf(checkpoints);
        Set<String> names = new HashSet<>();
        for (SeriesCheckpoint checkpoint : checkpoints) {
            if (!names.add(checkpoint.name())) {
                throw new IllegalArgumentException(
                        "two checkpoints are named " + checkpoint.name());
            }
        }
    }

    /**
     * {@return the series of a model that comes with the library; none of its checkpoints is copied
     * or loaded}
     *
     * @param model the model's name, such as {@code amber-nano}
     * @throws ModelNotFoundException if the library brings no such series
     */
    public static SeriesFile of(String model) throws ModelNotFoundException, IOException {
        return EmbeddedSeries.of(model).series();
    }

    /**
     * Returns a checkpoint.
     *
     * @param name its name, as the series spells it
     * @throws IllegalArgumentException if there is none
     */
    public SeriesCheckpoint checkpoint(String name) {
        return checkpoints.stream()
                .filter(checkpoint -> checkpoint.name().equals(name))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "no checkpoint '%s' in the series %s of %s"
                                                .formatted(name, names(), model)));
    }

    /** {@return the names, first to last} */
    public List<String> names() {
        return checkpoints.stream().map(SeriesCheckpoint::name).toList();
    }

    /** {@return the series as one line of JSON, as {@code series.json} has it} */
    public String toJson() {
        return GSON.toJson(this);
    }

    /** Reads what {@link #toJson} wrote; {@code where} is what an error names. */
    public static SeriesFile parse(String json, String where) throws IOException {
        try {
            SeriesFile series = GSON.fromJson(json, SeriesFile.class);
            return Objects.requireNonNull(series, "it is empty");
        } catch (RuntimeException e) {
            // Gson wraps what a record's constructor says.
            String problem = (e.getCause() == null ? e : e.getCause()).getMessage();
            throw new IOException("%s: no series: %s".formatted(where, problem), e);
        }
    }
}
