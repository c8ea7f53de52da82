package ai.llm360.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Rates as people write them: {@code 50MB/s} is 5·10⁷ bytes a second. */
final class RateConverter implements ITypeConverter<Long> {

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
