package ai.llm360.zoo;

import ai.llm360.common.generate.GenerationConfig;
import java.util.Map;
import java.util.Optional;

/**
 * Reads how to continue a text from a model's arguments, which go by the names that transformers
 * uses: {@code max_new_tokens}, {@code temperature}, {@code top_k}, {@code top_p}, {@code
 * repetition_penalty}, {@code seed} and {@code stop}.
 */
final class GenerationArguments {

    private final Map<String, ?> arguments;

    GenerationArguments(Map<String, ?> arguments) {
        this.arguments = arguments;
    }

    /**
     * Returns the configuration.
     *
     * @throws IllegalArgumentException if a value is no number or out of range
     */
    GenerationConfig toConfig() {
        GenerationConfig.Builder builder = GenerationConfig.builder();
        number("max_new_tokens").ifPresent(n -> builder.optMaxNewTokens(n.intValue()));
        number("temperature").ifPresent(builder::optTemperature);
        number("top_k").ifPresent(n -> builder.optTopK(n.intValue()));
        number("top_p").ifPresent(builder::optTopP);
        number("repetition_penalty").ifPresent(builder::optRepetitionPenalty);
        number("seed").ifPresent(n -> builder.optSeed(n.longValue()));
        Optional.ofNullable(arguments.get("stop")).ifPresent(s -> builder.optStop(s.toString()));
        return builder.build();
    }

    private Optional<Double> number(String name) {
        Object value = arguments.get(name);
        if (value == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(Double.parseDouble(value.toString()));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "argument %s must be a number, not '%s'".formatted(name, value), e);
        }
    }
}
