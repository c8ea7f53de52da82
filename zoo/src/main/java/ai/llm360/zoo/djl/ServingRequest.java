package ai.llm360.zoo.djl;

import ai.djl.modality.Input;
import ai.djl.ndarray.BytesSupplier;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.io.internal.PlainText;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A request as DJL Serving hands it over.
 *
 * @param inputs the prompts, at least one
 * @param config how to continue them
 * @param json whether the answer is JSON rather than text
 * @param list whether the answer is a list
 * @param fullText whether the answer begins with the prompt
 */
record ServingRequest(
        List<String> inputs,
        GenerationConfig config,
        boolean json,
        boolean list,
        boolean fullText) {

    private static final List<String> FIELDS = List.of("inputs", "parameters", "stream");
    private static final String FULL_TEXT = "return_full_text";

    /** Parameters of LMI's that ask for more than there is where they are true. */
    private static final Set<String> LACKING = Set.of("details", "decoder_input_details");

    private static final Pattern CHARSET =
            Pattern.compile(";\\s*charset=\"?([^\\s;\"]+)", Pattern.CASE_INSENSITIVE);

    /**
     * Reads a request.
     *
     * @param defaults what counts where the request doesn't say
     * @throws IllegalArgumentException saying what is wrong with it
     */
    static ServingRequest parse(Input input, GenerationConfig defaults) {
        BytesSupplier data = input.getContent().isEmpty() ? null : input.getData();
        require(data != null, "the request has no content: send a text, or {\"inputs\": \"…\"}");
        String type = input.getProperty("Content-Type", "text/plain").toLowerCase(Locale.ROOT);
        String text = decode(data.toByteBuffer(), type);
        String media = type.replaceFirst(";.*", "").strip();
        if (!media.equals("application/json") && !media.endsWith("+json")) {
            return new ServingRequest(List.of(text), defaults, false, false, false);
        }
        JsonElement root = json(text);
        JsonObject body = new JsonObject();
        if (root.isJsonObject()) {
            body = root.getAsJsonObject();
        } else {
            body.add("inputs", root);
        }
        return of(body, defaults);
    }

    private static ServingRequest of(JsonObject body, GenerationConfig defaults) {
        for (String name : body.keySet()) {
            require(
                    !ModelArgument.keys(true).contains(name),
                    "'%s' belongs into \"parameters\"".formatted(name));
        }
        ModelArgument.check(body.keySet(), FIELDS, "field");
        require(
                !body.has("stream") || !flag("stream", body.get("stream")),
                "this model's answers aren't streamed: leave \"stream\" out");
        JsonElement inputs = body.get("inputs");
        require(inputs != null, "\"inputs\" is missing: the text to continue, or a list of texts");
        List<String> prompts = texts("inputs", inputs);
        require(!prompts.isEmpty(), "\"inputs\" is an empty list");
        Map<String, Object> parameters = parameters(body.get("parameters"));
        Object full = parameters.remove(FULL_TEXT);
        ModelArgument.check(parameters.keySet(), ModelArgument.keys(true), "parameter");
        return new ServingRequest(
                prompts,
                new GenerationArguments(parameters).toConfig(defaults),
                true,
                inputs.isJsonArray(),
                Boolean.TRUE.equals(full));
    }

    private static Map<String, Object> parameters(JsonElement given) {
        Map<String, Object> parameters = new LinkedHashMap<>();
        if (given == null || given.isJsonNull()) {
            return parameters;
        }
        require(given.isJsonObject(), "\"parameters\" must be an object");
        for (Map.Entry<String, JsonElement> entry : given.getAsJsonObject().entrySet()) {
            String name = entry.getKey();
            JsonElement value = entry.getValue();
            if (value.isJsonNull() || (LACKING.contains(name) && !flag(name, value))) {
                continue;
            }
            if (name.equals("stop_sequences") || name.equals(ModelArgument.STOP.key())) {
                parameters.put(ModelArgument.STOP.key(), texts(name, value));
            } else if (name.equals(FULL_TEXT)) {
                parameters.put(name, flag(name, value));
            } else {
                require(value.isJsonPrimitive(), "parameter %s can't be %s".formatted(name, value));
                parameters.put(name, value.getAsString());
            }
        }
        return parameters;
    }

    private static boolean flag(String name, JsonElement value) {
        boolean flag = value instanceof JsonPrimitive primitive && primitive.isBoolean();
        require(flag, "%s must be true or false, not %s".formatted(name, value));
        return value.getAsBoolean();
    }

    private static List<String> texts(String name, JsonElement value) {
        JsonArray all = new JsonArray();
        if (value.isJsonArray()) {
            all = value.getAsJsonArray();
        } else {
            all.add(value);
        }
        List<String> texts = new ArrayList<>();
        for (JsonElement one : all) {
            boolean text = one instanceof JsonPrimitive primitive && primitive.isString();
            require(text, "%s must be a text or a list of texts".formatted(name));
            require(
                    StandardCharsets.UTF_8.newEncoder().canEncode(one.getAsString()),
                    "%s holds half a surrogate pair, which is no character".formatted(name));
            texts.add(one.getAsString());
        }
        return texts;
    }

    private static JsonElement json(String text) {
        require(!text.isBlank(), "the content isn't JSON: it is empty");
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            JsonElement root = JsonParser.parseReader(reader);
            require(reader.peek() == JsonToken.END_DOCUMENT, "text follows the JSON");
            return root;
        } catch (JsonParseException | IOException e) {
            throw new IllegalArgumentException(
                    "the content isn't JSON: " + PlainText.jsonProblem(e), e);
        }
    }

    private static String decode(ByteBuffer bytes, String contentType) {
        Matcher charset = CHARSET.matcher(contentType);
        String name = charset.find() ? charset.group(1) : StandardCharsets.UTF_8.name();
        try {
            return Charset.forName(name)
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(bytes)
                    .toString();
        } catch (CharacterCodingException | IllegalArgumentException e) {
            throw new IllegalArgumentException("the content isn't text in " + name, e);
        }
    }

    private static void require(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException(problem);
        }
    }
}
