package ai.llm360.zoo;

import java.math.BigDecimal;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A number of tokens as a checkpoint's name: {@code 1.0T-tokens}, {@code 350B-tokens}. */
final class TokenCount {

    private static final Pattern COUNT =
            Pattern.compile(
                    "(\\d{1,9}(?:\\.\\d{1,9})?)([KMBT])[-_]tokens", Pattern.CASE_INSENSITIVE);

    private TokenCount() {}

    /** Returns the number, or empty if the name is none. */
    static OptionalLong parse(String name) {
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
}
