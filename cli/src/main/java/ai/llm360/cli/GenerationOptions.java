package ai.llm360.cli;

import ai.llm360.common.generate.GenerationConfig;
import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * Options of a continuation. Where an option isn't given, the checkpoint's generation_config.json
 * counts, and else the default.
 */
final class GenerationOptions {

    @Option(
            names = "--max-new-tokens",
            paramLabel = "N",
            description = "Make at most N tokens. Default: 128.")
    private Integer maxNewTokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = "Divide the scores by T and draw; 0 takes the best token. Default: 0.")
    private Double temperature;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            description = "Draw from the K best tokens alone; 0 for all. Default: 0.")
    private Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description =
                    "Draw from the fewest tokens whose probabilities reach P. Default: 1, all.")
    private Double topP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "R",
            description = "Lower the scores of tokens that have occurred. Default: 1, none.")
    private Double repetitionPenalty;

    @Option(names = "--seed", paramLabel = "N", description = "Decides every draw. Default: 0.")
    private Long seed;

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "End before this text; may be given several times.")
    private String[] stop;

    @Option(names = "--ignore-eos", description = "Go on past the model's end token.")
    private boolean ignoreEos;

    /** Checks the values before a model is loaded; one out of range is wrong use. */
    void check(CommandSpec spec) {
        try {
            toConfig(GenerationConfig.builder().build());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage());
        }
    }

    /** Returns the configuration: what was given, else the checkpoint's own. */
    GenerationConfig toConfig(GenerationConfig defaults) {
        GenerationConfig.Builder config = defaults.toBuilder().optIgnoreEos(ignoreEos);
        set(maxNewTokens, config::optMaxNewTokens);
        set(temperature, config::optTemperature);
        set(topK, config::optTopK);
        set(topP, config::optTopP);
        set(repetitionPenalty, config::optRepetitionPenalty);
        set(seed, config::optSeed);
        set(stop, config::optStop);
        return config.build();
    }

    private static <T> void set(T given, Consumer<T> option) {
        if (given != null) {
            option.accept(given);
        }
    }
}
