import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.llm360.amber.Amber;
import ai.llm360.amber.AmberConfig;
import ai.llm360.common.generate.GeneratedToken;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TokenStream;
import ai.llm360.common.nn.WeightLoader;
import ai.llm360.common.nn.WeightType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Measures one cold start of one checkpoint and prints one line of JSON: seconds from the process's
 * start to the bound model and to the first token of a short prompt, then decoding and prefill speed,
 * and peak memory.
 *
 * <p>Arguments: checkpoint directory, dtype, prefill tokens, new tokens.
 */
public final class ColdStart {

    private static final long[] PROMPT = {1, 15043, 29892, 590, 1024, 338};

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        WeightType type = WeightType.parse(args[1]);
        int prefill = Integer.parseInt(args[2]);
        int newTokens = Integer.parseInt(args[3]);
        Instant start = ProcessHandle.current().info().startInstant().orElseThrow();

        long opened = System.nanoTime();
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            double engine = (System.nanoTime() - opened) / 1e9;
            Amber amber = new Amber(AmberConfig.read(directory.resolve("config.json")));
            WeightLoader.load(amber, directory, manager, type, null);
            double bound = (System.nanoTime() - opened) / 1e9;
            TextGenerator generator = new TextGenerator(amber, Optional.empty());

            GenerationConfig config = GenerationConfig.builder().optMaxNewTokens(newTokens + 1).build();
            double first;
            double decode;
            try (TokenStream stream = generator.streamIds(List.of(PROMPT), config)) {
                GeneratedToken token = stream.next();
                first = (System.currentTimeMillis() - start.toEpochMilli()) / 1e3;
                long begun = System.nanoTime();
                int made = 0;
                while (stream.hasNext()) {
                    token = stream.next();
                    made++;
                }
                decode = made / ((System.nanoTime() - begun) / 1e9);
            }
            long[] prompt = LongStream.range(0, prefill).map(i -> (i * 7919 + 13) % 32000).toArray();
            GenerationConfig one = GenerationConfig.builder().optMaxNewTokens(1).build();
            long begun = System.nanoTime();
            generator.generateIds(List.of(prompt), one);
            double prefilled = prefill / ((System.nanoTime() - begun) / 1e9);
            System.out.printf(
                    Locale.ROOT,
                    "{\"who\": \"ours\", \"dtype\": \"%s\", \"engine_s\": %.2f, \"open_bind_s\": %.2f, \"first_token_s\": %.2f,"
                            + " \"prefill_tokens\": %d, \"prefill_tokens_per_s\": %.2f,"
                            + " \"decode_tokens_per_s\": %.3f, \"peak_rss_mb\": %d}%n",
                    type, engine, bound, first, prefill, prefilled, decode, peak());
        }
    }

    private static long peak() throws Exception {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("VmHWM"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .findFirst()
                        .orElse(0)
                / 1024;
    }
}
