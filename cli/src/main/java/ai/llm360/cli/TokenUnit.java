package ai.llm360.cli;

import java.util.List;
import java.util.Objects;

/**
 * The unit that a table's numbers of tokens are in: the largest that all of them are readable in.
 */
enum TokenUnit {
    ONE("tokens", 1),
    K("tokens (k)", 1e3),
    M("tokens (M)", 1e6),
    B("tokens (B)", 1e9);

    private final String header;
    private final double tokens;

    TokenUnit(String header, double tokens) {
        this.header = header;
        this.tokens = tokens;
    }

    /**
     * Chooses a unit in which the least number is a tenth or more.
     *
     * @param counts numbers of tokens; those that aren't known are null
     */
    static TokenUnit of(List<Long> counts) {
        long least =
                counts.stream()
                        .filter(Objects::nonNull)
                        .mapToLong(Long::longValue)
                        .filter(count -> count > 0)
                        .min()
                        .orElse(1);
        TokenUnit chosen = ONE;
        for (TokenUnit unit : values()) {
            chosen = least >= unit.tokens / 10 ? unit : chosen;
        }
        return chosen;
    }

    /** Returns the column's header. */
    String header() {
        return header;
    }

    /** Returns a number's cell; null for a number that isn't known. */
    Object cell(Long count) {
        return count == null || this == ONE ? count : Output.decimal(count / tokens, 2);
    }
}
