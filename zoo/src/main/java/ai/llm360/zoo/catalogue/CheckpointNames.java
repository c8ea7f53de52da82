package ai.llm360.zoo.catalogue;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Spells and orders checkpoints' names. {@code ckpt-7}, {@code ckpt_007}, {@code CKPT-7} and {@code
 * 7} are one name; {@code 1.0T-tokens} is a number of tokens.
 */
public final class CheckpointNames {

    /** The name of a series' last checkpoint, where none is given. */
    public static final String LATEST = "latest";

    /** Orders names by the numbers in them, that of the phase and then the step. */
    public static final Comparator<String> ORDER =
            Comparator.comparing(CheckpointNames::numbers, Arrays::compare)
                    .thenComparing(Comparator.naturalOrder());

    private static final int SHOWN = 12;
    private static final Pattern NUMBERED = Pattern.compile("(.*?)(\\d{1,17})");
    private static final Pattern DIGITS = Pattern.compile("\\d{1,17}");
    private static final Pattern COUNT =
            Pattern.compile(
                    "(\\d{1,9}(?:\\.\\d{1,9})?)([KMBT])[-_]tokens", Pattern.CASE_INSENSITIVE);

    private CheckpointNames() {}

    /** Writes a name in lower case, with {@code -} for each {@code _}. */
    static String normal(String name) {
        return name.toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns whether a checkpoint's name is meant by the one that is asked for. */
    public static boolean same(String name, String asked) {
        String left = normal(name);
        String right = normal(asked);
        if (left.equals(right)) {
            return true;
        }
        Matcher a = NUMBERED.matcher(left);
        Matcher b = NUMBERED.matcher(right);
        return a.matches()
                && b.matches()
                && Long.parseLong(a.group(2)) == Long.parseLong(b.group(2))
                && (a.group(1).equals(b.group(1))
                        || (b.group(1).isEmpty() && a.group(1).equals("ckpt-")));
    }

    /** Returns the number of tokens that a name asks for; empty for another name. */
    public static OptionalLong tokens(String name) {
        Matcher matcher = COUNT.matcher(name);
        if (!matcher.matches()) {
            return OptionalLong.empty();
        }
        int zeros =
                switch (matcher.group(2)) {
                    case "K", "k" -> 3;
                    case "M", "m" -> 6;
                    case "B", "b" -> 9;
                    default -> 12;
                };
        return OptionalLong.of(
                new BigDecimal(matcher.group(1)).scaleByPowerOfTen(zeros).longValue());
    }

    /** Returns the first of the elements that are nearest to a number of tokens. */
    public static <T> Optional<T> nearest(
            List<T> all, long count, Function<T, OptionalLong> tokens) {
        return all.stream()
                .filter(one -> tokens.apply(one).isPresent())
                .min(
                        Comparator.comparingLong(
                                one -> Math.abs(tokens.apply(one).getAsLong() - count)));
    }

    /** Lists names for an error: all of them, or the first and the last of many. */
    public static String some(List<String> names) {
        if (names.size() <= SHOWN) {
            return String.join(", ", names);
        }
        return "%s … %s (%d in all)"
                .formatted(
                        String.join(", ", names.subList(0, SHOWN - 1)),
                        names.get(names.size() - 1),
                        names.size());
    }

    private static long[] numbers(String name) {
        return DIGITS.matcher(name)
                .results()
                .map(MatchResult::group)
                .mapToLong(Long::parseLong)
                .toArray();
    }
}
