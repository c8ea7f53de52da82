package ai.llm360.common.run;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.nio.charset.StandardCharsets;

/** A {@link TrainingState} as JSON. */
final class StateFile {

    static final String NAME = "trainer_state.json";

    private static final int VERSION = 1;

    private StateFile() {}

    static byte[] toJson(TrainingState state) {
        JsonObject json = new JsonObject();
        json.addProperty("version", VERSION);
        json.addProperty("step", state.step());
        json.addProperty("chunk", state.chunk());
        json.addProperty("step_in_chunk", state.stepInChunk());
        json.addProperty("tokens", state.tokens());
        json.addProperty("order_seed", state.orderSeed());
        json.addProperty("updates", state.updates());
        return (json + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Parses a state.
     *
     * @throws JsonParseException if it isn't one
     */
    static TrainingState parse(byte[] utf8) {
        JsonObject json = JsonText.object(new String(utf8, StandardCharsets.UTF_8));
        long version = JsonText.integer(json, "version");
        if (version != VERSION) {
            throw new JsonParseException(
                    "version " + version + "; this program reads version " + VERSION);
        }
        return new TrainingState(
                JsonText.integer(json, "step"),
                chunk(JsonText.integer(json, "chunk")),
                JsonText.integer(json, "step_in_chunk"),
                JsonText.integer(json, "tokens"),
                JsonText.integer(json, "order_seed"),
                JsonText.integer(json, "updates"));
    }

    private static int chunk(long number) {
        if (number != (int) number) {
            throw new JsonParseException("chunk is " + number);
        }
        return (int) number;
    }
}
