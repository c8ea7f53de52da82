package ai.llm360.zoo.djl;

import ai.llm360.common.generate.GenerationConfig;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Reads how to continue a text from a model's arguments or a request's parameters, which go by the
 * names that transformers uses: see {@link ModelArgument}.
 */
public record GenerationArguments(Map<String, ?> arguments) {

    /**
     * Returns the configuration.
     *
     * @param defaults what counts where an argument isn't given
     * @throws IllegalArgumentException if a value is no number or out of range
     */
    public GenerationConfig toConfig(GenerationConfig defaults) {
        GenerationConfig.Builder builder = defaults.toBuilder();
        whole(ModelArgument.MAX_LENGTH).ifPresent(n -> builder.optMaxLength(positive(n)));
        whole(ModelArgument.MAX_NEW_TOKENS).ifPresent(builder::optMaxNewTokens);
        temperature(defaults).ifPresent(builder::optTemperature);
        whole(ModelArgument.TOP_K).ifPresent(builder::optTopK);
        number(ModelArgument.TOP_P).ifPresent(builder::optTopP);
        number(ModelArgument.REPETITION_PENALTY).ifPresent(builder::optRepetitionPenalty);
        parse(ModelArgument.SEED, "a whole number", Long::valueOf).ifPresent(builder::optSeed);
        get(ModelArgument.STOP).map(GenerationArguments::texts).ifPresent(builder::optStop);
        return builder.build();
    }

    private Optional<Double> temperature(GenerationConfig defaults) {
        Optional<Double> given = number(ModelArgument.TEMPERATURE);
        Optional<Boolean> sample =
                parse(ModelArgument.DO_SAMPLE, "true or false", GenerationArguments::flag);
        if (sample.isEmpty()) {
            return given;
        }
        // A wrong temperature is told even where it isn't used.
        given.ifPresent(t -> GenerationConfig.builder().optTemperature(t).build());
        double otherwise = defaults.temperature() > 0 ? defaults.temperature() : 1;
        return Optional.of(sample.get() ? given.orElse(otherwise) : 0.0);
    }

    public static boolean flag(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new NumberFormatException(text);
        };
    }

    private static int positive(int value) {
        if (value < 1) {
            throw new IllegalArgumentException("max_length must be positive, not " + value);
        }
        return value;
    }

    private static String[] texts(Object value) {
        Collection<?> all = value instanceof Collection<?> many ? many : List.of(value);
        return all.stream().map(Object::toString).toArray(String[]::new);
    }

    private Optional<Integer> whole(ModelArgument argument) {
        return parse(argument, "a whole number", Integer::valueOf);
    }

    private Optional<Double> number(ModelArgument argument) {
        return parse(argument, "a number", Double::valueOf);
    }

    private Optional<Object> get(ModelArgument argument) {
        return Optional.ofNullable(arguments.get(argument.key()));
    }

    private <T> Optional<T> parse(ModelArgument argument, String kind, Function<String, T> parser) {
        return get(argument)
                .map(
                        value -> {
                            try {
                                return parser.apply(value.toString());
                            } catch (NumberFormatException e) {
                                throw new IllegalArgumentException(
                                        "argument %s must be %s, not '%s'"
                                                .formatted(argument.key(), kind, value),
                                        e);
                            }
                        });
    }
}
