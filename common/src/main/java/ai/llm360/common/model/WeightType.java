package ai.llm360.common.model;

import ai.llm360.common.checkpoint.TensorType;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The type in which a model holds its weights once loaded. */
public enum WeightType {
    /** float32. */
    FP32("fp32", "float32", TensorType.F32, 4),
    /** bfloat16. */
    BF16("bf16", "bfloat16", TensorType.BF16, 2),
    /** float16. */
    FP16("fp16", "float16", TensorType.F16, 2),
    /**
     * int8 with one scale per output channel, for inference on the CPU. The embedding table and the
     * norms stay as the checkpoint has them.
     */
    INT8("int8", "int8", null, 1);

    private final String shortName;
    private final String longName;
    private final TensorType tensorType;
    private final int byteSize;

    WeightType(String shortName, String longName, TensorType tensorType, int byteSize) {
        this.shortName = shortName;
        this.longName = longName;
        this.tensorType = tensorType;
        this.byteSize = byteSize;
    }

    /**
     * Parses a name such as {@code bf16} or {@code bfloat16}.
     *
     * @param name the name, in any case
     * @throws IllegalArgumentException if there is no such type
     */
    public static WeightType parse(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(type -> type.shortName.equals(lower) || type.longName.equals(lower))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "no dtype '%s': choose one of %s"
                                                .formatted(
                                                        name,
                                                        Arrays.stream(values())
                                                                .map(WeightType::toString)
                                                                .collect(
                                                                        Collectors.joining(
                                                                                ", ")))));
    }

    /**
     * Returns the type that holds a checkpoint's tensors unchanged.
     *
     * @param type the tensors' type
     * @return the type; {@link #FP32} for what is neither float32 nor half precision
     */
    public static WeightType of(TensorType type) {
        return switch (type) {
            case BF16 -> BF16;
            case F16 -> FP16;
            default -> FP32;
        };
    }

    /** Returns the type of the loaded tensors; {@code null} for {@link #INT8}, which packs them. */
    public TensorType tensorType() {
        return tensorType;
    }

    /** Returns the bytes that a weight takes. */
    int byteSize() {
        return byteSize;
    }

    /** Returns the short name, such as {@code bf16}. */
    @Override
    public String toString() {
        return shortName;
    }
}
