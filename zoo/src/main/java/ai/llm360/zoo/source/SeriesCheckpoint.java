package ai.llm360.zoo.source;

import ai.llm360.zoo.catalogue.Standing;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * A checkpoint of a {@link SeriesFile}, and where its training stood.
 *
 * @param name its name, such as {@code ckpt-005}, or {@code phase2-000120} after step 120 of a
 *     phase
 * @param phase the phase of the training that it belongs to; null where there is but one
 * @param step the optimizer steps done, in its phase
 * @param tokens the positions trained on, in all phases
 * @param loss the mean training loss of the checkpoint's chunk, in nats a token
 * @param validationLoss the loss on the rows held back, in nats a token, by source
 * @param tensors the hashes of its tensors, by name
 */
public record SeriesCheckpoint(
        String name,
        String phase,
        long step,
        long tokens,
        double loss,
        Map<String, Double> validationLoss,
        Map<String, Hashes> tensors) {

    /**
     * SHA-256, in hexadecimal, of a tensor's elements: packed, row-major, little-endian.
     *
     * @param trained of the float32 elements that training gave
     * @param shipped of the bfloat16 elements that they were rounded to
     */
    public record Hashes(String trained, String shipped) {

        /** Checks what was given. */
        public Hashes {
            Objects.requireNonNull(trained, "a tensor lacks its hash 'trained'");
            Objects.requireNonNull(shipped, "a tensor lacks its hash 'shipped'");
        }
    }

    /** Checks what was given. */
    public SeriesCheckpoint {
        Objects.requireNonNull(name, "a checkpoint has no name");
        Objects.requireNonNull(validationLoss, name + " has no validation_loss");
        Objects.requireNonNull(tensors, name + " has no tensors");
        validationLoss = Collections.unmodifiableMap(new LinkedHashMap<>(validationLoss));
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    }

    /** {@return where the training stood} */
    public Standing standing() {
        return new Standing(
                Optional.ofNullable(phase),
                OptionalLong.of(step),
                OptionalLong.of(tokens),
                OptionalDouble.of(loss));
    }
}
