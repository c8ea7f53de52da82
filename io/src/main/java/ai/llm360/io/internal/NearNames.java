package ai.llm360.io.internal;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Finds the names that someone who mistyped one may have meant. */
public final class NearNames {

    private static final int SHOWN = 3;

    private NearNames() {}

    /** {@return the names that are most like one, at most three of them, the likeliest first} */
    public static List<String> of(String name, Collection<String> names) {
        return names.stream()
                .sorted(
                        Comparator.<String>comparingInt(candidate -> distance(name, candidate))
                                .thenComparing(Comparator.naturalOrder()))
                .limit(SHOWN)
                .toList();
    }

    /**
     * {@return at most three names that one is likely a mistyping of, the likeliest first: those of
     * which about every fourth letter differs, or fewer}
     */
    public static List<String> close(String name, Collection<String> names) {
        return of(name, names).stream()
                .filter(found -> distance(name, found) <= 1 + found.length() / 4)
                .toList();
    }

    /** Levenshtein distance, case ignored, of at most the first 200 characters. */
    private static int distance(String a, String b) {
        String x = a.substring(0, Math.min(200, a.length())).toLowerCase(Locale.ROOT);
        String y = b.substring(0, Math.min(200, b.length())).toLowerCase(Locale.ROOT);
        int[] row = new int[y.length() + 1];
        for (int j = 0; j <= y.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= x.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= y.length(); j++) {
                int substitute = diagonal + (x.charAt(i - 1) == y.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substitute, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[y.length()];
    }
}
