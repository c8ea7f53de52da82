import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TokenStream;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.zoo.Criteria;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Measures one cold start of one checkpoint and prints one line of JSON: seconds from opening to the
 * bound model, seconds from the process's start to the first token of a short prompt, then decoding
 * and prefill speed, and peak memory.
 *
 * <p>Arguments: checkpoint directory, dtype, file of token ids, prefill tokens, new tokens.
 */
public final class ColdStart {

    private static final long[] PROMPT = {1, 15043, 29892, 590, 1024, 338};

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]).toAbsolutePath();
        WeightType type = WeightType.parse(args[1]);
        long[] ids =
                Arrays.stream(Files.readString(Path.of(args[2])).strip().split("[\\s,]+"))
                        .mapToLong(Long::parseLong)
                        .limit(Integer.parseInt(args[3]))
                        .toArray();
        int newTokens = Integer.parseInt(args[4]);
        Instant start = ProcessHandle.current().info().startInstant().orElseThrow();

        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            double engine = (System.currentTimeMillis() - start.toEpochMilli()) / 1e3;
            long opened = System.nanoTime();
            CausalDecoder model = Criteria.newBlock(directory.toString());
            WeightLoader.load(model, directory, manager, type, null);
            double bound = (System.nanoTime() - opened) / 1e9;
            TextGenerator generator = new TextGenerator(model, Optional.empty());

            double first;
            double decode;
            GenerationConfig config = tokens(newTokens + 1);
            try (TokenStream stream = generator.streamIds(List.of(PROMPT), config)) {
                stream.next();
                first = (System.currentTimeMillis() - start.toEpochMilli()) / 1e3;
                long begun = System.nanoTime();
                for (int i = 0; i < newTokens; i++) {
                    stream.next();
                }
                decode = newTokens / ((System.nanoTime() - begun) / 1e9);
            }
            long begun = System.nanoTime();
            generator.generateIds(List.of(ids), tokens(1));
            double prefill = ids.length / ((System.nanoTime() - begun) / 1e9);
            System.out.printf(
                    Locale.ROOT,
                    "{\"program\": \"ours\", \"dtype\": \"%s\", \"engine_ready_s\": %.2f,"
                            + " \"open_bind_s\": %.2f, \"first_token_s\": %.2f,"
                            + " \"prefill_tokens\": %d, \"prefill_tokens_per_s\": %.3f,"
                            + " \"new_tokens\": %d, \"decode_tokens_per_s\": %.3f,"
                            + " \"peak_rss_mb\": %d, \"versions\": {\"java\": \"%s\","
                            + " \"djl\": \"%s\", \"libtorch\": \"%s\"}}%n",
                    type,
                    engine,
                    bound,
                    first,
                    ids.length,
                    prefill,
                    newTokens,
                    decode,
                    peak(),
                    Runtime.version(),
                    ai.djl.engine.Engine.getDjlVersion(),
                    ai.djl.engine.Engine.getInstance().getVersion());
        }
    }

    private static GenerationConfig tokens(int count) {
        return GenerationConfig.builder().optMaxNewTokens(count).optIgnoreEos(true).build();
    }

    /** The process's largest resident set so far, in MB. */
    private static long peak() throws Exception {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("VmHWM"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .findFirst()
                        .orElse(0)
                / 1024;
    }
}
