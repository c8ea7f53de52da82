package ai.llm360.zoo;

import ai.llm360.common.generate.GenerationConfig;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

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
        number("max_new_tokens", "a whole number", Integer::valueOf)
                .ifPresent(builder::optMaxNewTokens);
        number("temperature").ifPresent(builder::optTemperature);
        number("top_k", "a whole number", Integer::valueOf).ifPresent(builder::optTopK);
        number("top_p").ifPresent(builder::optTopP);
        number("repetition_penalty").ifPresent(builder::optRepetitionPenalty);
        number("seed", "a whole number", Long::valueOf).ifPresent(builder::optSeed);
        Optional.ofNullable(arguments.get("stop")).ifPresent(s -> builder.optStop(s.toString()));
        return builder.build();
    }

    private Optional<Double> number(String name) {
        return number(name, "a number", Double::valueOf);
    }

    private <T> Optional<T> number(String name, String kind, Function<String, T> parser) {
        Object value = arguments.get(name);
        if (value == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(parser.apply(value.toString()));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "argument %s must be %s, not '%s'".formatted(name, kind, value), e);
        }
    }
}
