package ai.llm360.zoo.catalogue;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Says where the training stood at a checkpoint, as far as that is known.
 *
 * @param phase the phase of training, where there are phases
 * @param step the optimizer steps done, within the phase where there are phases
 * @param tokens the positions trained on since training began
 * @param loss the mean training loss since the checkpoint before, in nats a token
 */
public record Standing(
        Optional<String> phase, OptionalLong step, OptionalLong tokens, OptionalDouble loss) {

    /** Nothing is known. */
    public static final Standing UNKNOWN =
            new Standing(
                    Optional.empty(),
                    OptionalLong.empty(),
                    OptionalLong.empty(),
                    OptionalDouble.empty());

    /** Puts what is known among the properties of a DJL artifact. */
    public void putInto(Map<String, String> properties) {
        phase.ifPresent(known -> properties.put("phase", known));
        step.ifPresent(known -> properties.put("step", Long.toString(known)));
        tokens.ifPresent(known -> properties.put("tokens", Long.toString(known)));
        loss.ifPresent(known -> properties.put("loss", Double.toString(known)));
    }
}
