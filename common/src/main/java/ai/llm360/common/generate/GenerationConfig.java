package ai.llm360.common.generate;

import ai.llm360.common.checkpoint.HubConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settings of a text's continuation.
 *
 * @param maxNewTokens the largest number of tokens to make
 * @param maxLength the largest number of tokens of prompt and continuation together; 0 where {@code
 *     maxNewTokens} alone counts
 * @param temperature what logits are divided by before sampling, 1e-30 to 1e30; 0 takes the most
 *     probable token
 * @param topK samples from the k most probable tokens alone; 0 for all
 * @param topP samples from the fewest most probable tokens whose probabilities reach this sum; 1
 *     for all
 * @param repetitionPenalty lowers the scores of tokens that have occurred (CTRL, arXiv 1909.05858),
 *     1e-4 to 1e4; 1 for none
 * @param seed decides every draw: row i of a batch draws what a single prompt draws with seed + i
 * @param stop strings that end a continuation where they occur in its text
 * @param eosIds tokens that end a continuation; where it is empty, the model's own are used
 * @param ignoreEos whether to go on past end tokens
 */
public record GenerationConfig(
        int maxNewTokens,
        int maxLength,
        double temperature,
        int topK,
        double topP,
        double repetitionPenalty,
        long seed,
        List<String> stop,
        Set<Long> eosIds,
        boolean ignoreEos) {

    private static final Logger logger = LoggerFactory.getLogger(GenerationConfig.class);

    private static final String FILE = "generation_config.json";
    private static final long MAX_FILE_BYTES = 1 << 20;

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException naming the value that is out of range
     */
    public GenerationConfig {
        require(maxNewTokens > 0, "max new tokens must be positive, not " + maxNewTokens);
        require(maxLength >= 0, "max length must be 0 (off) or more, not " + maxLength);
        // Logits are float32: divided by less, they would become infinite, and their sum NaN.
        require(
                temperature == 0 || (temperature >= 1e-30 && temperature <= 1e30),
                "temperature must be 0 (greedy) or from 1e-30 to 1e30, not " + temperature);
        require(topK >= 0, "top-k must be 0 (off) or more, not " + topK);
        require(
                topP >= Double.MIN_NORMAL && topP <= 1,
                "top-p must be above 0 (2.3e-308 or more) and at most 1, not " + topP);
        require(
                repetitionPenalty >= 1e-4 && repetitionPenalty <= 1e4,
                "repetition penalty must be from 1e-4 to 1e4, not " + repetitionPenalty);
        require(
                eosIds.stream().allMatch(id -> id >= 0),
                "an end token's id can't be negative: " + eosIds);
        require(stop.stream().noneMatch(String::isEmpty), "a stop string can't be empty");
        stop = List.copyOf(stop);
        eosIds = Set.copyOf(eosIds);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }

    /**
     * Reads what a checkpoint's publisher recommends, with the meaning that transformers gives to
     * it: greedy unless {@code do_sample} is true. Entries that ask for what there is nothing for,
     * such as beams, are passed over with a warning.
     *
     * @return the configuration of its {@code generation_config.json}; the builder's defaults where
     *     there is none
     * @throws IllegalArgumentException if it is larger than 1 MiB, isn't a JSON object, or a value
     *     isn't what it should be, naming the file
     */
    public static GenerationConfig read(Path directory) throws IOException {
        Path file = directory.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            return builder().build();
        }
        if (Files.size(file) > MAX_FILE_BYTES) {
            throw new IllegalArgumentException(
                    "%s has %,d bytes; a generation_config.json has at most %,d"
                            .formatted(file, Files.size(file), MAX_FILE_BYTES));
        }
        Set<String> lacking = HubConfig.read(file, GenerationConfigJson::lacking);
        if (!lacking.isEmpty()) {
            logger.warn(
                    "{}: nothing here does what {} ask for; they are passed over", file, lacking);
        }
        return HubConfig.read(file, GenerationConfigJson::toConfig);
    }

    /** {@return a builder that begins with these values} */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.maxNewTokens = maxNewTokens;
        builder.maxLength = maxLength;
        builder.temperature = temperature;
        builder.topK = topK;
        builder.topP = topP;
        builder.repetitionPenalty = repetitionPenalty;
        builder.seed = seed;
        builder.stop = stop;
        builder.eosIds = eosIds;
        builder.ignoreEos = ignoreEos;
        return builder;
    }

    /** {@return a builder: greedy, 128 tokens, unless told otherwise} */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds a {@link GenerationConfig}. */
    public static final class Builder {

        private int maxNewTokens = 128;
        private int maxLength;
        private double temperature;
        private int topK;
        private double topP = 1;
        private double repetitionPenalty = 1;
        private long seed;
        private List<String> stop = List.of();
        private Set<Long> eosIds = Set.of();
        private boolean ignoreEos;

        private Builder() {}

        /**
         * Sets the largest number of tokens to make; 128 by default. It takes the place of {@link
         * #optMaxLength}.
         */
        public Builder optMaxNewTokens(int maxNewTokens) {
            this.maxNewTokens = maxNewTokens;
            maxLength = 0;
            return this;
        }

        /**
         * Sets the largest number of tokens of prompt and continuation together. It takes the place
         * of {@link #optMaxNewTokens}.
         *
         * @param maxLength the number, 0 for none
         */
        public Builder optMaxLength(int maxLength) {
            this.maxLength = maxLength;
            maxNewTokens = maxLength == 0 ? maxNewTokens : Integer.MAX_VALUE;
            return this;
        }

        /** Sets the temperature; 0, greedy, by default. */
        public Builder optTemperature(double temperature) {
            this.temperature = temperature;
            return this;
        }

        /**
         * Sets how many of the most probable tokens to sample from; all by default.
         *
         * @param topK the number, 0 for all
         */
        public Builder optTopK(int topK) {
            this.topK = topK;
            return this;
        }

        /** Sets the probability mass to sample from; 1 by default. */
        public Builder optTopP(double topP) {
            this.topP = topP;
            return this;
        }

        /** Sets the repetition penalty; 1, none, by default. */
        public Builder optRepetitionPenalty(double repetitionPenalty) {
            this.repetitionPenalty = repetitionPenalty;
            return this;
        }

        /** Sets the seed; 0 by default. */
        public Builder optSeed(long seed) {
            this.seed = seed;
            return this;
        }

        /** Sets strings that end a continuation. */
        public Builder optStop(String... stop) {
            this.stop = List.of(stop);
            return this;
        }

        /** Sets the tokens that end a continuation, instead of the model's own. */
        public Builder optEosIds(Set<Long> eosIds) {
            this.eosIds = eosIds;
            return this;
        }

        /** Sets whether to go on past end tokens. */
        public Builder optIgnoreEos(boolean ignoreEos) {
            this.ignoreEos = ignoreEos;
            return this;
        }

        /**
         * Builds the configuration.
         *
         * @throws IllegalArgumentException if a value is out of range
         */
        public GenerationConfig build() {
            return new GenerationConfig(
                    maxNewTokens,
                    maxLength,
                    temperature,
                    topK,
                    topP,
                    repetitionPenalty,
                    seed,
                    stop,
                    eosIds,
                    ignoreEos);
        }
    }
}
