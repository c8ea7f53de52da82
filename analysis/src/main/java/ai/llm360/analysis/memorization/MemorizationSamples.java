package ai.llm360.analysis.memorization;

import ai.llm360.common.data.DataOrder;
import ai.llm360.common.data.ShuffleMode;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.io.internal.PlainText;
import ai.llm360.io.internal.WholeFile;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Draws samples from a chunk of training rows, and reads and writes them as Analysis360's {@code
 * train_NNN.jsonl}: a line a sample, {@code {"source":"c4","prompt":[…],"continuation":[…]}}.
 */
public final class MemorizationSamples {

    /** Analysis360's thousand samples have 0.4 MB. */
    private static final long MAX_BYTES = 256L << 20;

    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    private MemorizationSamples() {}

    /**
     * Draws rows of a chunk and cuts off their beginnings. The rows are the first of NumPy's legacy
     * permutation, seeded; Analysis360 draws by another generator.
     *
     * @param count the number of rows; a chunk that has fewer gives all
     * @param seed from 0 to 2^32-1; the same seed draws the same rows of equally large chunks
     * @param prompt the tokens that the model is given, k
     * @param continuation the tokens that it should answer, l
     * @throws IllegalArgumentException if a number isn't positive, or a row has fewer than k + l
     *     tokens
     */
    public static List<MemorizationSample> draw(
            TokenChunk chunk, int count, long seed, int prompt, int continuation) {
        if (count < 1 || prompt < 1 || continuation < 1) {
            throw new IllegalArgumentException(
                    "rows, prompt and continuation are at least 1, not %d, %d and %d"
                            .formatted(count, prompt, continuation));
        }
        if ((long) prompt + continuation > chunk.rowLength()) {
            throw new IllegalArgumentException(
                    "a prompt of %d and a continuation of %d tokens don't fit the rows of %s, which have %d"
                            .formatted(prompt, continuation, chunk.file(), chunk.rowLength()));
        }
        var order = new DataOrder(ShuffleMode.PER_CHUNK, seed, List.of(chunk.rows())).chunk(0, 1);
        long[] ids = new long[chunk.rowLength()];
        List<MemorizationSample> samples = new ArrayList<>();
        for (long i = 0; i < Math.min(count, chunk.rows()); i++) {
            long row = order.rows(i)[0];
            chunk.read(row, ids, 0);
            samples.add(
                    new MemorizationSample(
                            chunk.source(row),
                            Arrays.copyOf(ids, prompt),
                            Arrays.copyOfRange(ids, prompt, prompt + continuation)));
        }
        return samples;
    }

    /**
     * Reads a file of samples.
     *
     * @throws IOException if it can't be read, is larger than 256 MiB, or a line isn't a sample,
     *     naming the line
     */
    public static List<MemorizationSample> read(Path file) throws IOException {
        if (Files.size(file) > MAX_BYTES) {
            throw new IOException(
                    "%s has %,d bytes; a file of samples has at most %,d"
                            .formatted(file, Files.size(file), MAX_BYTES));
        }
        List<MemorizationSample> samples = new ArrayList<>();
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                samples.add(parse(file, samples.size() + 1, line));
            }
        }
        if (samples.isEmpty()) {
            throw new IOException(file + " holds no samples");
        }
        return samples;
    }

    private static MemorizationSample parse(Path file, int number, String line) throws IOException {
        String problem;
        try {
            MemorizationSample sample = GSON.fromJson(line, MemorizationSample.class);
            if (sample != null) {
                return sample;
            }
            problem = "empty";
        } catch (JsonParseException e) {
            problem = PlainText.jsonProblem(e);
        } catch (RuntimeException e) { // what the record's constructor refuses comes wrapped
            problem = "source, prompt or continuation is missing or empty";
        }
        throw new IOException(
                "%s:%d: %s; expected {\"source\":\"c4\",\"prompt\":[…],\"continuation\":[…]}"
                        .formatted(file, number, problem));
    }

    /** {@return samples as a file of them has them} */
    public static String toJsonLines(List<MemorizationSample> samples) {
        return samples.stream()
                .map(sample -> GSON.toJson(sample) + "\n")
                .collect(Collectors.joining());
    }

    /** Writes a file of samples, whole or not at all. */
    public static void write(Path file, List<MemorizationSample> samples) throws IOException {
        WholeFile.replace(
                file.toAbsolutePath(), toJsonLines(samples).getBytes(StandardCharsets.UTF_8));
    }
}
