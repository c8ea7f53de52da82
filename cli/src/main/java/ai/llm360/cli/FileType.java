package ai.llm360.cli;

import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.model.WeightType;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The types that weights are stored in, by the names that a model's own types have. */
final class FileType implements ITypeConverter<TensorType> {

    @Override
    public TensorType convert(String name) {
        WeightType type;
        try {
            type = WeightType.parse(name);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(
                    "no dtype '%s': choose one of fp32, bf16, fp16".formatted(name));
        }
        return switch (type) {
            case FP32 -> TensorType.F32;
            case BF16 -> TensorType.BF16;
            case FP16 -> TensorType.F16;
            case INT8 ->
                    throw new TypeConversionException(
                            "int8 weights are made when a model is loaded (generate --dtype"
                                    + " int8), not stored; choose one of fp32, bf16, fp16");
        };
    }
}
