package ai.llm360.benchmarks;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.LlamaOutput;
import de.kherud.llama.ModelParameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;

/**
 * Measures llama.cpp on a file of make_gguf.py from a cold process and prints one JSON line.
 *
 * <p>{@code LlamaCppPeer FILE.gguf IDS-FILE [threads [prefillTokens [newTokens]]]}. The binding takes text, not ids;
 * make_gguf.py's vocabulary has one character per token, so ids are written as such a text and the encoding is checked.
 * Decode counts the steps between the first and the last token that arrive, so that prefill is excluded.
 */
public final class LlamaCppPeer {
    private static final int[] PROMPT = {1, 15043, 29892, 590, 1024, 338};
    private static final int FIRST_ID = 259;
    private static final int IDEOGRAPHS = 0x9FEE - 0x4E00;

    private LlamaCppPeer() {}

    public static void main(String[] args) throws IOException {
        int threads = args.length > 2 ? Integer.parseInt(args[2]) : Runtime.getRuntime().availableProcessors();
        int prefillTokens = args.length > 3 ? Integer.parseInt(args[3]) : 512;
        int newTokens = args.length > 4 ? Integer.parseInt(args[4]) : 64;
        int[] ids = Arrays.stream(Files.readString(Path.of(args[1])).trim().split("[,\\s]+"))
                .mapToInt(Integer::parseInt).limit(prefillTokens).toArray();

        ModelParameters parameters = new ModelParameters()
                .setModel(args[0]).setThreads(threads).setThreadsBatch(threads).setGpuLayers(0)
                .setCtxSize(1024).setParallel(1).skipWarmup();
        long began = System.nanoTime();
        try (LlamaModel model = new LlamaModel(parameters)) {
            double loadSeconds = seconds(began);
            generate(model, PROMPT, 1);
            double firstToken = sinceProcessStart();
            double decode = newTokens / generate(model, PROMPT, newTokens + 1)[1];
            double prefill = ids.length / generate(model, ids, 1)[0];
            System.out.printf(Locale.ROOT,
                    "{\"name\": \"llama.cpp Q8_0\", \"load_s\": %.2f, \"open_bind_s\": null, \"first_token_s\": %.2f,"
                            + " \"prefill_tokens\": %d, \"prefill_tokens_per_s\": %.3f, \"new_tokens\": %d,"
                            + " \"decode_tokens_per_s\": %.3f, \"peak_rss_mb\": %d, \"anon_rss_mb\": %d,"
                            + " \"file_rss_mb\": %d, \"versions\": {\"de.kherud:llama\": \"%s\", \"java\": \"%s\","
                            + " \"threads\": %d}}%n",
                    loadSeconds, firstToken, ids.length, prefill, newTokens, decode, memoryMb("VmHWM"),
                    memoryMb("RssAnon"), memoryMb("RssFile"), bindingVersion(), System.getProperty("java.version"),
                    threads);
        }
        System.out.flush();
        Runtime.getRuntime().halt(0); // the binding leaves a thread running that would keep the JVM alive
    }

    /** Runs greedy decoding; returns seconds to the first token, and from the first to the last. */
    private static double[] generate(LlamaModel model, int[] ids, int tokens) {
        String text = text(ids);
        int[] encoded = model.encode(text);
        if (!Arrays.equals(encoded, Arrays.copyOfRange(ids, 1, ids.length))) { // BOS is added by the server loop
            throw new IllegalStateException("the text encodes to " + encoded.length + " ids "
                    + Arrays.toString(Arrays.copyOf(encoded, 8)) + "…, expected those of the ids file after BOS");
        }
        InferenceParameters request = new InferenceParameters(text)
                .setNPredict(tokens).setTemperature(0).setIgnoreEos(true).setCachePrompt(false).setSeed(1);
        long began = System.nanoTime();
        double first = 0;
        double last = 0;
        int count = 0;
        for (LlamaOutput output : model.generate(request)) {
            if (output.text.isEmpty()) {
                continue; // the closing message
            }
            last = seconds(began);
            first = count++ == 0 ? last : first;
        }
        if (count != tokens) {
            throw new IllegalStateException("expected " + tokens + " tokens, " + count + " arrived");
        }
        return new double[] {first, last - first};
    }

    private static String text(int[] ids) {
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            int n = id - FIRST_ID;
            if (n >= 0) { // id 1, BOS, is added by llama.cpp
                text.appendCodePoint(n < IDEOGRAPHS ? 0x4E00 + n : 0xAC00 + n - IDEOGRAPHS);
            }
        }
        return text.toString();
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    private static double sinceProcessStart() {
        Instant start = ProcessHandle.current().info().startInstant().orElseThrow();
        return Duration.between(start, Instant.now()).toMillis() / 1e3;
    }

    private static long memoryMb(String field) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(l -> l.startsWith(field + ":"))
                .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")) / 1024).findFirst().orElse(-1);
    }

    private static String bindingVersion() {
        String jar = LlamaModel.class.getProtectionDomain().getCodeSource().getLocation().getPath();
        return jar.replaceAll(".*/llama-|\\.jar$", "");
    }
}
