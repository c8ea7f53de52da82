package ai.llm360.common.run;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Where a run stands between two steps. With the weights, the optimizer's state, the configuration
 * and the data, it decides all that follows.
 *
 * @param step the optimizer steps done, skipped ones included: the number of the next one
 * @param chunk the chunk that the next step reads
 * @param stepInChunk the steps of that chunk done
 * @param tokens the positions trained on so far
 * @param orderSeed the seed of the data's order, which the reseed policy changes
 * @param updates the updates that the optimizer has made: {@code step} less the skipped ones
 */
public record TrainingState(
        long step, int chunk, long stepInChunk, long tokens, long orderSeed, long updates) {

    /** The file of a saved state that holds it. */
    static final String FILE = "trainer_state.json";

    private static final int VERSION = 1;

    private static final List<String> NAMES =
            List.of("step", "chunk", "step_in_chunk", "tokens", "order_seed", "updates");

    /** {@return the components in order, for processes that exchange them} */
    public long[] toArray() {
        return new long[] {step, chunk, stepInChunk, tokens, orderSeed, updates};
    }

    /** {@return a state put together again from what {@link #toArray} gave} */
    public static TrainingState of(long... numbers) {
        return new TrainingState(
                numbers[0],
                Math.toIntExact(numbers[1]),
                numbers[2],
                numbers[3],
                numbers[4],
                numbers[5]);
    }

    byte[] toJson() {
        JsonObject json = new JsonObject();
        json.addProperty("version", VERSION);
        long[] numbers = toArray();
        for (int i = 0; i < numbers.length; i++) {
            json.addProperty(NAMES.get(i), numbers[i]);
        }
        return (json + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** Parses a state; anything else is a {@link JsonParseException}. */
    static TrainingState parse(byte[] utf8) {
        JsonObject json = JsonText.object(new String(utf8, StandardCharsets.UTF_8));
        long version = JsonText.integer(json, "version");
        if (version != VERSION) {
            throw new JsonParseException(
                    "version " + version + "; this program reads version " + VERSION);
        }
        long[] numbers = NAMES.stream().mapToLong(name -> JsonText.integer(json, name)).toArray();
        if (numbers[1] != (int) numbers[1]) {
            throw new JsonParseException("chunk is " + numbers[1]);
        }
        return of(numbers);
    }
}
