package ai.llm360.zoo;

import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.ndarray.NDList;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;

/**
 * Takes a request's text and answers with the continuation, as DJL Serving sends and expects it.
 */
final class ServingTranslator implements NoBatchifyTranslator<Input, Output> {

    private final Translator<String, String> text;

    ServingTranslator(Translator<String, String> text) {
        this.text = text;
    }

    @Override
    public NDList processInput(TranslatorContext ctx, Input input) throws Exception {
        return text.processInput(ctx, input.getData().getAsString());
    }

    @Override
    public Output processOutput(TranslatorContext ctx, NDList list) throws Exception {
        Output output = new Output();
        output.add(text.processOutput(ctx, list));
        return output;
    }
}
