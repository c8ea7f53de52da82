package ai.llm360.analysis.memorization;

import ai.llm360.io.internal.PlainText;
import ai.llm360.io.internal.WholeFile;
import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The share of some samples that a model gave back, with the fields of Analysis360's {@code
 * result_ckpt-C/data-D.json}.
 *
 * @param fullMatch the fraction of samples whose whole continuation agrees: those that are (k,
 *     l)-extractable
 * @param tokenMatch the memorization score M(k, l): the fraction of tokens that agree, a mean over
 *     samples
 * @param count the number of samples
 * @param match the number of tokens that agree, of each sample
 * @param allMatch whether each token agrees, 1 or 0: l numbers of each sample
 */
public record MemorizationResult(
        double fullMatch,
        double tokenMatch,
        int count,
        List<Integer> match,
        List<List<Integer>> allMatch) {

    /** A result of a thousand samples has 0.1 MB. */
    private static final long MAX_BYTES = 256L << 20;

    private static final Gson GSON =
            new GsonBuilder()
                    .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
                    .create();

    /**
     * Copies the lists.
     *
     * @throws IllegalArgumentException if the numbers contradict each other
     */
    public MemorizationResult {
        match = List.copyOf(match);
        allMatch = allMatch.stream().map(List::copyOf).toList();
        if (allMatch.isEmpty() || allMatch.get(0).isEmpty()) {
            throw new IllegalArgumentException("a result has at least one sample of one token");
        }
        int length = allMatch.get(0).size();
        for (List<Integer> one : allMatch) {
            if (one.size() != length || !one.stream().allMatch(m -> m == 0 || m == 1)) {
                throw new IllegalArgumentException(
                        "all_match has lists of %d numbers, each 0 or 1, and not %s"
                                .formatted(length, one));
            }
        }
        List<Integer> sums =
                allMatch.stream()
                        .map(one -> one.stream().mapToInt(Integer::intValue).sum())
                        .toList();
        if (count != sums.size()
                || !match.equals(sums)
                || Math.abs(fullMatch - full(sums, length)) > 1e-9
                || Math.abs(tokenMatch - tokens(sums, length)) > 1e-9) {
            throw new IllegalArgumentException(
                    "full_match, token_match, count or match isn't what all_match adds up to");
        }
    }

    /** In the order of Analysis360's operations, for the same last bit. */
    private static double tokens(List<Integer> match, int length) {
        int all = match.stream().mapToInt(Integer::intValue).sum();
        return (double) all / length / match.size();
    }

    private static double full(List<Integer> match, int length) {
        return (double) match.stream().filter(one -> one == length).count() / match.size();
    }

    /** Adds up where continuations agree. */
    static MemorizationResult of(boolean[][] agreements) {
        List<List<Integer>> all = new ArrayList<>();
        List<Integer> match = new ArrayList<>();
        for (boolean[] one : agreements) {
            Integer[] numbers = new Integer[one.length];
            Arrays.setAll(numbers, i -> one[i] ? 1 : 0);
            all.add(List.of(numbers));
            match.add(all.get(all.size() - 1).stream().mapToInt(Integer::intValue).sum());
        }
        int length = agreements[0].length;
        return new MemorizationResult(
                full(match, length), tokens(match, length), match.size(), match, all);
    }

    /**
     * A result in brief.
     *
     * @param count the number of samples
     * @param score the memorization score, {@link MemorizationResult#tokenMatch}
     * @param extractable the fraction that is extractable, {@link MemorizationResult#fullMatch}
     */
    public record Summary(int count, double score, double extractable) {}

    /** {@return the result in brief} */
    public Summary summary() {
        return new Summary(count, tokenMatch, fullMatch);
    }

    /**
     * Sums up the samples of each source.
     *
     * @param samples those that were measured, in their order
     * @return a summary of each source, in the order of names
     * @throws IllegalArgumentException if the samples are not as many as the results
     */
    public Map<String, Summary> bySource(List<MemorizationSample> samples) {
        if (samples.size() != count) {
            throw new IllegalArgumentException(
                    "%d samples for a result of %d".formatted(samples.size(), count));
        }
        Map<String, List<Integer>> matches = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            matches.computeIfAbsent(samples.get(i).source(), name -> new ArrayList<>())
                    .add(match.get(i));
        }
        int length = allMatch.get(0).size();
        Map<String, Summary> summaries = new TreeMap<>();
        matches.forEach(
                (name, own) ->
                        summaries.put(
                                name,
                                new Summary(own.size(), tokens(own, length), full(own, length))));
        return summaries;
    }

    /**
     * Reads a result that Analysis360 or {@link #write} has written.
     *
     * @throws IOException if it can't be read, is larger than 256 MiB, or isn't one
     */
    public static MemorizationResult read(Path file) throws IOException {
        if (Files.size(file) > MAX_BYTES) {
            throw new IOException(
                    "%s has %,d bytes; a result has at most %,d"
                            .formatted(file, Files.size(file), MAX_BYTES));
        }
        try {
            MemorizationResult result =
                    GSON.fromJson(Files.readString(file), MemorizationResult.class);
            if (result != null) {
                return result;
            }
        } catch (JsonParseException e) {
            throw new IOException(file + ": " + PlainText.jsonProblem(e), e);
        } catch (RuntimeException e) { // Gson wraps what the record's constructor throws
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(file + ": no result: " + cause.getMessage(), e);
        }
        throw new IOException(file + " is empty");
    }

    /** {@return the result as one JSON object} */
    public String toJson() {
        return GSON.toJson(this);
    }

    /**
     * Writes the result where Analysis360 does, whole or not at all.
     *
     * @param directory the directory of results
     * @param checkpoint the checkpoint's number or name
     * @param data the chunk's number or name
     * @return the file, {@code result_ckpt-C/data-D.json}
     */
    public Path write(Path directory, String checkpoint, String data) throws IOException {
        Path file =
                directory
                        .resolve("result_ckpt-" + checkpoint)
                        .resolve("data-" + data + ".json")
                        .toAbsolutePath();
        Files.createDirectories(file.getParent());
        WholeFile.replace(file, toJson().getBytes(StandardCharsets.UTF_8));
        return file;
    }
}
