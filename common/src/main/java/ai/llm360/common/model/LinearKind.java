package ai.llm360.common.model;

import ai.llm360.common.torch.TorchScript;
import java.util.Map;

/**
 * Names the form in which a linear layer's weight is held, and the kernel that multiplies it.
 *
 * <p>A model's page calls {@code linear(x, w)} on a {@code Weight} and knows no more. Each kind
 * supplies those two and {@code prepare(tensor)}, which turns a checkpoint's tensor into a {@code
 * Weight}.
 */
enum LinearKind {
    /** The tensor as it is: training, and every device but the CPU. */
    PLAIN("linear_plain", false),
    /** The tensor as it is, four rows at a time while decoding, on the CPU. */
    ROWS("linear_rows", false),
    /** bfloat16 on a CPU without bfloat16 arithmetic. */
    BFLOAT16("linear_bfloat16", false),
    /** int8 weights and activations, on the CPU. */
    INT8("linear_int8", true),
    /** Training: float32 weights, products in bfloat16. */
    BFLOAT16_COMPUTE("linear_bfloat16_compute", false),
    /** The same on a CPU without bfloat16 arithmetic. */
    BFLOAT16_ROUNDED("linear_bfloat16_rounded", false),
    /** Training beside frozen bfloat16 weights, on a CPU without bfloat16 arithmetic. */
    FROZEN_BFLOAT16("linear_frozen_bfloat16", false),
    /** Training beside frozen int8 weights, on the CPU. */
    FROZEN_INT8("linear_frozen_int8", true);

    private final String resource;
    private final boolean packing;

    LinearKind(String resource, boolean packing) {
        this.resource = resource;
        this.packing = packing;
    }

    /** Returns whether weights are int8 matrices with scales. */
    boolean int8() {
        return this == INT8 || this == FROZEN_INT8;
    }

    /**
     * Returns whether autograd keeps a wider copy of each weight, for as long as it can go back.
     */
    boolean copiesInTraining() {
        return this == FROZEN_BFLOAT16 || this == FROZEN_INT8;
    }

    /** Returns whether a weight is copied into another layout, which training would not update. */
    boolean packs(WeightSpec weight) {
        // libtorch's matrix-vector kernel wants an output's weights side by side; ours takes both.
        boolean turns =
                this == BFLOAT16 && weight.transposed() && InferenceBackend.find().isEmpty();
        return weight.linear() && (packing || turns);
    }

    /**
     * Completes a model's page with what decoders have in common and this kind's methods.
     *
     * @param adapted whether a {@code Weight} is one of this kind's with an {@link Adapter}
     */
    String complete(String page, boolean adapted) {
        String text = page + "\n" + source("decoder");
        if (!adapted) {
            return typed(text, "Weight", type()) + methods();
        }
        // This kind's methods become those of an adapter's base.
        String base =
                methods()
                        .replaceAll("\\b(linear|transposed)\\(self\\b", "base_$1(self")
                        .replaceAll("\\bself\\.(linear|transposed)\\(", "self.base_$1(");
        String adapter = typed(text + source("linear_adapted"), "Base", type());
        return base + typed(adapter, "Weight", "Tuple[%s, List[Tensor], float]".formatted(type()));
    }

    /** Returns this kind's methods, as a page of their own. */
    String methods() {
        return typed(source(resource), "Weight", type());
    }

    private static String source(String name) {
        return TorchScript.source(LinearKind.class, name + ".torchscript");
    }

    private String type() {
        return int8() ? "List[Tensor]" : "Tensor";
    }

    private static String typed(String text, String name, String type) {
        return text.replaceAll("\\b" + name + "\\b", type) + "\n";
    }

    /**
     * Returns the constants that this kind's methods read.
     *
     * @param exact whether libtorch's product of int8 matrices is exact on this CPU
     * @param half whether it has bfloat16 arithmetic
     */
    Map<String, ?> constants(boolean exact, boolean half) {
        return switch (this) {
            case INT8 -> Map.of("exact", exact);
            case FROZEN_INT8 -> Map.of("half", half);
            default -> Map.of();
        };
    }
}
