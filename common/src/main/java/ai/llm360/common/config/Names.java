package ai.llm360.common.config;

import java.util.Locale;

/** Translates Java's names into those of a configuration. */
final class Names {

    private Names() {}

    /** Returns {@code rows_per_chunk} for {@code rowsPerChunk}. */
    static String key(String component) {
        return component.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }

    /** Returns {@code skip-batch} for {@code SKIP_BATCH}. */
    static String constant(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static boolean means(String text, Enum<?> constant) {
        return text.toLowerCase(Locale.ROOT).replace('_', '-').equals(constant(constant));
    }
}
