package ai.llm360.cli;

import ai.llm360.common.model.WeightType;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The types that a model holds its weights in. */
final class LoadedType implements ITypeConverter<WeightType> {

    @Override
    public WeightType convert(String name) {
        try {
            return WeightType.parse(name);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
