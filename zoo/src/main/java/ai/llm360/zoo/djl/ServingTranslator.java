package ai.llm360.zoo.djl;

import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.ndarray.NDList;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;
import ai.llm360.common.generate.Generation;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.model.BlockCall;
import ai.llm360.common.model.CausalDecoder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Answers requests as DJL Serving's HTTP layer hands them over. A text is answered with its
 * continuation; JSON in the schema of DJL's LMI ({@code {"inputs": …, "parameters": {…}}}) with
 * {@code {"generated_text": …}}, or a list of them for a list of inputs.
 *
 * <p>What is wrong with a request is the answer to it, with status 400: an exception would be the
 * server's fault, and fail the other requests of a batch.
 */
public record ServingTranslator(TextGenerator generator, GenerationConfig defaults)
        implements NoBatchifyTranslator<Input, Output> {

    /** Inputs of one request that are continued together: each takes a cache of its own. */
    private static final int TOGETHER = 4;

    private static final String JSON = "application/json; charset=utf-8";

    @Override
    public NDList processInput(TranslatorContext ctx, Input input) {
        return new Call(input);
    }

    @Override
    public Output processOutput(TranslatorContext ctx, NDList list) {
        return ((Call) list).answer;
    }

    private Output answer(Input input) {
        try {
            ServingRequest request = ServingRequest.parse(input, defaults);
            List<String> texts = continuations(request);
            if (!request.json()) {
                return answer(200, "OK", "text/plain; charset=utf-8", texts.get(0));
            }
            JsonArray all = new JsonArray();
            for (String text : texts) {
                JsonObject one = new JsonObject();
                one.addProperty("generated_text", text);
                all.add(one);
            }
            return json(200, "OK", request.list() ? all : all.get(0));
        } catch (IllegalArgumentException e) {
            String reason = e.getMessage();
            JsonObject body = new JsonObject();
            body.addProperty("code", 400);
            body.addProperty("type", "BadRequest");
            body.addProperty("message", reason);
            // HTTP's reason phrase is one line.
            return json(400, reason.replaceAll("\\p{Cntrl}+", " "), body);
        }
    }

    private List<String> continuations(ServingRequest request) {
        List<String> prompts = request.inputs();
        List<String> texts = new ArrayList<>();
        for (int from = 0; from < prompts.size(); from += TOGETHER) {
            List<String> some = prompts.subList(from, Math.min(from + TOGETHER, prompts.size()));
            GenerationConfig config =
                    request.config().toBuilder().optSeed(request.config().seed() + from).build();
            for (Generation generation : generator.generate(some, config)) {
                String prompt = request.fullText() ? prompts.get(texts.size()) : "";
                texts.add(prompt + generation.text());
            }
        }
        return texts;
    }

    private static Output json(int code, String message, JsonElement body) {
        return answer(code, message, JSON, body.toString());
    }

    private static Output answer(int code, String message, String type, String body) {
        Output output = new Output(code, message);
        output.addProperty("Content-Type", type);
        output.add(body.getBytes(StandardCharsets.UTF_8));
        return output;
    }

    /** A request, which the model answers in place of a forward pass. */
    @SuppressWarnings("serial") // an NDList is serializable in name only
    private final class Call extends BlockCall {

        private static final long serialVersionUID = 1L;

        private final Input input;
        private Output answer;

        Call(Input input) {
            this.input = input;
        }

        @Override
        protected NDList run(CausalDecoder model) {
            answer = answer(input);
            return this;
        }
    }
}
