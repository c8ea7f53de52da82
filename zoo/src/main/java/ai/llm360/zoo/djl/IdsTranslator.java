package ai.llm360.zoo.djl;

import ai.djl.ndarray.NDList;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;

/** Hands token ids to the model as they are, and its logits back. */
public final class IdsTranslator implements NoBatchifyTranslator<NDList, NDList> {

    /** DJL skips the forward pass of an empty list, and would answer with another. */
    @Override
    public NDList processInput(TranslatorContext ctx, NDList input) {
        if (input.isEmpty()) {
            throw new IllegalArgumentException(
                    "the input is one array, token ids of (B, T), not an empty list");
        }
        return input;
    }

    @Override
    public NDList processOutput(TranslatorContext ctx, NDList list) {
        return list;
    }
}
