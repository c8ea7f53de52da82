package ai.llm360.cli;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Sizes as people write them: {@code 5GB} is 5·10⁹ bytes, {@code 2GiB} is 2·2³⁰. */
final class ByteSize implements ITypeConverter<Long> {

    private static final Pattern FORM =
            Pattern.compile("(\\d+(?:\\.\\d+)?) ?([KMGT]i?)?B?", Pattern.CASE_INSENSITIVE);

    private static final Map<String, Long> UNITS =
            Map.of(
                    "K",
                    1_000L,
                    "M",
                    1_000_000L,
                    "G",
                    1_000_000_000L,
                    "T",
                    1_000_000_000_000L,
                    "KI",
                    1L << 10,
                    "MI",
                    1L << 20,
                    "GI",
                    1L << 30,
                    "TI",
                    1L << 40);

    @Override
    public Long convert(String text) {
        Matcher form = FORM.matcher(text.strip());
        if (!form.matches()) {
            throw new TypeConversionException(
                    "'%s' is no size: give one such as 5GB, 500MB or 2GiB".formatted(text));
        }
        long unit = form.group(2) == null ? 1 : UNITS.get(form.group(2).toUpperCase(Locale.ROOT));
        BigDecimal bytes = new BigDecimal(form.group(1)).multiply(BigDecimal.valueOf(unit));
        if (bytes.compareTo(BigDecimal.ONE) < 0
                || bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            throw new TypeConversionException(
                    "'%s' must be at least one byte and at most 8 EiB".formatted(text));
        }
        return bytes.longValue();
    }

    /** Writes a size as {@code 13.5 GB}. */
    static String format(long bytes) {
        String[] units = {"B", "kB", "MB", "GB", "TB"};
        double value = bytes;
        int unit = 0;
        while (value >= 999.95 && unit < units.length - 1) {
            value /= 1000;
            unit++;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
    }
}
