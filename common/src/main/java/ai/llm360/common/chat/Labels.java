package ai.llm360.common.chat;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The names that recipes and the command line have for constants: {@code best-fit}. */
final class Labels {

    private Labels() {}

    static String of(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static List<String> of(Enum<?>[] constants) {
        return Arrays.stream(constants).map(Labels::of).toList();
    }

    static <E extends Enum<E>> E named(String label, String what, E[] constants) {
        return Arrays.stream(constants)
                .filter(constant -> of(constant).equals(label))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "no %s '%s': there are %s"
                                                .formatted(what, label, of(constants))));
    }
}
