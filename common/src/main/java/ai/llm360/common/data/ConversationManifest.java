package ai.llm360.common.data;

import ai.llm360.io.internal.PlainText;
import ai.llm360.io.internal.WholeFile;
import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Says how the rows of a data set were made of conversations: the file {@code conversations.json}
 * beside its manifest.
 *
 * @param formatVersion the version of the file's format
 * @param kind {@code conversations}, {@code preferences} or {@code targets}, as {@link
 *     ChatRules#kind} says
 * @param rules the rules by name
 * @param padId the id that fills rows behind their texts; it is never learned
 * @param heldOut the fraction that was to be held out
 * @param counts what was read, and what was left out and why
 */
public record ConversationManifest(
        int formatVersion,
        String kind,
        Map<String, String> rules,
        long padId,
        double heldOut,
        Map<String, Long> counts) {

    /** The version written, and the only one read. */
    public static final int FORMAT_VERSION = 1;

    /** The file's name. */
    public static final String FILE_NAME = "conversations.json";

    private static final long MAX_BYTES = 1 << 20;

    private static final Gson GSON =
            new GsonBuilder()
                    .disableHtmlEscaping()
                    .setPrettyPrinting()
                    .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
                    .create();

    /** Copies what was given. */
    public ConversationManifest {
        rules = Collections.unmodifiableMap(new LinkedHashMap<>(rules));
        counts = Collections.unmodifiableMap(new LinkedHashMap<>(counts));
    }

    /** {@return whether rows 2i and 2i+1 are the chosen and the rejected answer to one prompt} */
    public boolean hasPairs() {
        return kind.equals("preferences");
    }

    /**
     * {@return whether a row may hold several texts that mustn't see each other, of which each
     * begins with BOS}
     */
    public boolean isPacked() {
        return "best-fit".equals(rules.get("packing"));
    }

    void write(Path directory) throws IOException {
        byte[] text = (GSON.toJson(this) + "\n").getBytes(StandardCharsets.UTF_8);
        WholeFile.create(directory.resolve(FILE_NAME), text);
    }

    /**
     * Reads a data set's file.
     *
     * @param directory the data set's directory
     * @throws DataException if there is none, or it can't be used
     * @throws IOException if reading fails
     */
    public static ConversationManifest read(Path directory) throws IOException {
        Path file = directory.resolve(FILE_NAME);
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new DataException(file, "more than %d bytes long".formatted(MAX_BYTES));
            }
            ConversationManifest read =
                    GSON.fromJson(Files.readString(file), ConversationManifest.class);
            if (read == null || read.kind == null || read.formatVersion != FORMAT_VERSION) {
                throw new DataException(
                        file,
                        "not of version %d of the format; make the data set anew"
                                .formatted(FORMAT_VERSION));
            }
            return read;
        } catch (NoSuchFileException e) {
            throw new DataException(
                    directory, "no data set of conversations: there is no " + FILE_NAME, e);
        } catch (RuntimeException e) {
            throw new DataException(file, "damaged: " + PlainText.jsonProblem(e), e);
        }
    }
}
