package ai.llm360.cli;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Sizes as people write them: {@code 5GB} is 5·10⁹ bytes, {@code 2GiB} is 2·2³⁰. */
final class ByteSize implements ITypeConverter<Long> {

    private static final Pattern FORM =
            Pattern.compile("(\\d+(?:\\.\\d+)?) ?(?:([KMGT])(i?))?B?", Pattern.CASE_INSENSITIVE);

    @Override
    public Long convert(String text) {
        Matcher form = FORM.matcher(text.strip());
        if (!form.matches()) {
            throw new TypeConversionException(
                    "'%s' is no size: give one such as 5GB, 500MB or 2GiB".formatted(text));
        }
        String prefix = form.group(2) == null ? " " : form.group(2).toUpperCase(Locale.ROOT);
        int power = " KMGT".indexOf(prefix);
        BigDecimal unit = BigDecimal.valueOf("".equals(form.group(3)) ? 1000 : 1024).pow(power);
        BigDecimal bytes = new BigDecimal(form.group(1)).multiply(unit);
        if (bytes.compareTo(BigDecimal.ONE) < 0
                || bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            throw new TypeConversionException(
                    "'%s' must be at least one byte and at most 8 EiB".formatted(text));
        }
        return bytes.longValue();
    }

    /** Rates as people write them: {@code 50MB/s} is 5·10⁷ bytes a second. */
    static final class Rate implements ITypeConverter<Long> {

        @Override
        public Long convert(String text) {
            try {
                return new ByteSize().convert(text.strip().replaceFirst(" ?/s$", ""));
            } catch (TypeConversionException e) {
                throw new TypeConversionException(
                        "'%s' is no rate: give one such as 50MB/s".formatted(text));
            }
        }
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
