package ai.llm360.zoo.transfer;

import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.hub.HubFile;
import ai.llm360.io.internal.WholeFile;
import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Says where a checkpoint that was cast on its way came from: see docs/formats/cast.md.
 *
 * @param formatVersion 1
 * @param repository such as {@code LLM360/Amber}
 * @param revision the branch, tag or commit that was asked for
 * @param commit the commit that it was
 * @param dtype the type that floating-point tensors were cast to, by torch's name
 * @param files the source's files of weights, by path
 */
record CastSource(
        int formatVersion,
        String repository,
        String revision,
        String commit,
        String dtype,
        Map<String, Origin> files) {

    static final String FILE = "llm360-source.json";

    private static final int VERSION = 1;
    private static final Gson GSON =
            new GsonBuilder()
                    .disableHtmlEscaping()
                    .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
                    .setPrettyPrinting()
                    .create();

    /** A file's bytes, and its SHA-256 or else git's SHA-1. */
    record Origin(long size, String hash) {}

    static CastSource of(
            String repository,
            String revision,
            String commit,
            TensorType type,
            List<HubFile> files) {
        Map<String, Origin> origins = new TreeMap<>();
        for (HubFile file : files) {
            origins.put(file.path(), new Origin(file.size(), file.etag().orElse("")));
        }
        return new CastSource(VERSION, repository, revision, commit, type.torchName(), origins);
    }

    /** Returns whether another source is the same, be it by another name of the repository. */
    boolean isSame(CastSource other) {
        return equals(
                new CastSource(
                        other.formatVersion,
                        repository,
                        other.revision,
                        other.commit,
                        other.dtype,
                        other.files));
    }

    /** Reads what a directory says; nothing where it says nothing that can be read. */
    static Optional<CastSource> read(Path directory) throws IOException {
        Path file = directory.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            return Optional.ofNullable(GSON.fromJson(Files.readString(file), CastSource.class));
        } catch (JsonParseException e) {
            return Optional.empty();
        }
    }

    void write(Path directory) throws IOException {
        WholeFile.replace(
                directory.resolve(FILE),
                (GSON.toJson(this) + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
