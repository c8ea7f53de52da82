package ai.llm360.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Rows of a tensor.
 *
 * @param first the first
 * @param last the last one, which belongs to it
 */
record RowRange(long first, long last) {

    /** Reads {@code 0..15}, or one number. */
    static final class Converter implements ITypeConverter<RowRange> {

        private static final Pattern FORM = Pattern.compile("(\\d{1,18})(?:\\.\\.(\\d{1,18}))?");

        @Override
        public RowRange convert(String text) {
            Matcher form = FORM.matcher(text);
            if (form.matches()) {
                long first = Long.parseLong(form.group(1));
                long last = form.group(2) == null ? first : Long.parseLong(form.group(2));
                if (first <= last) {
                    return new RowRange(first, last);
                }
            }
            throw new TypeConversionException(
                    "'%s' names no rows: give the first and the last, such as 0..15, or one number"
                            .formatted(text));
        }
    }
}
