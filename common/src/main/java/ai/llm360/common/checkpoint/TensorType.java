package ai.llm360.common.checkpoint;

import java.util.Arrays;
import java.util.Optional;

/**
 * The element types that a checkpoint may hold, by their safetensors names.
 *
 * <p>They are the ten types that both safetensors and {@code torch.save} of the LLM360 era share.
 * Elements are little-endian on disk.
 */
public enum TensorType {
    /** IEEE 754 binary64. */
    F64(8, 7, "float64"),
    /** IEEE 754 binary32. */
    F32(4, 6, "float32"),
    /** IEEE 754 binary16. */
    F16(2, 5, "float16"),
    /** The upper half of a binary32. */
    BF16(2, 15, "bfloat16"),
    /** Signed 64-bit integer. */
    I64(8, 4, "int64"),
    /** Signed 32-bit integer. */
    I32(4, 3, "int32"),
    /** Signed 16-bit integer. */
    I16(2, 2, "int16"),
    /** Signed 8-bit integer. */
    I8(1, 1, "int8"),
    /** Unsigned 8-bit integer. */
    U8(1, 0, "uint8"),
    /** One byte, 0 or 1. */
    BOOL(1, 11, "bool");

    private final int byteSize;
    private final int torchScalarType;
    private final String torchName;

    TensorType(int byteSize, int torchScalarType, String torchName) {
        this.byteSize = byteSize;
        this.torchScalarType = torchScalarType;
        this.torchName = torchName;
    }

    /**
     * {@return the type of a name in a safetensors header, such as {@code BF16}, if it is one of
     * these; case matters}
     */
    public static Optional<TensorType> fromSafetensors(String name) {
        return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
    }

    /**
     * {@return the type of a name of PyTorch's, as a model's {@code config.json} writes it: {@code
     * bfloat16} or {@code torch.bfloat16}}
     */
    public static Optional<TensorType> fromTorch(String name) {
        String bare = name.startsWith("torch.") ? name.substring("torch.".length()) : name;
        return Arrays.stream(values()).filter(type -> type.torchName.equals(bare)).findFirst();
    }

    /** {@return the bytes of an element} */
    public int byteSize() {
        return byteSize;
    }

    /**
     * {@return the code of this type in ATen's {@code c10::ScalarType} enumeration ({@code
     * c10/core/ScalarType.h}), which TorchScript takes for a {@code dtype}}
     */
    public int torchScalarType() {
        return torchScalarType;
    }

    /**
     * {@return PyTorch's name without {@code torch.}, such as {@code bfloat16}, as {@code
     * config.json} writes it}
     */
    public String torchName() {
        return torchName;
    }

    /** {@return whether elements are floating-point numbers, rather than integers or booleans} */
    public boolean isFloatingPoint() {
        return this == F64 || this == F32 || this == F16 || this == BF16;
    }
}
