package ai.llm360.analysis.series;

import ai.djl.Device;
import ai.djl.ModelException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.model.WeightType;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.Criteria;
import java.io.IOException;
import java.util.Optional;

/**
 * Loads checkpoints of a series, each for one piece of work, and closes it before the next.
 *
 * @param dtype the type to hold the weights in; empty for the checkpoint's own
 * @param device the device; empty for DJL's default
 */
public record CheckpointModels(Optional<WeightType> dtype, Optional<Device> device) {

    /** Loads in the checkpoints' own types on DJL's default device. */
    public static final CheckpointModels DEFAULT =
            new CheckpointModels(Optional.empty(), Optional.empty());

    /** Work on a loaded checkpoint. */
    @FunctionalInterface
    public interface Work<T> {

        T of(TextGenerator model) throws IOException;
    }

    /**
     * Loads a checkpoint, downloading what isn't here, does the work, and closes it.
     *
     * @return the work's result
     * @throws ModelException if the checkpoint can't be had or loaded
     * @throws IOException if reading fails, or the work does
     */
    public <T> T with(CheckpointEntry checkpoint, Work<T> work) throws ModelException, IOException {
        Criteria<String, String> criteria = checkpoint.criteria(String.class, String.class);
        dtype.ifPresent(criteria::optDtype);
        device.ifPresent(criteria::optDevice);
        try (ZooModel<String, String> model = criteria.loadModel()) {
            return work.of(Criteria.generator(model));
        }
    }
}
