package ai.llm360.cli;

import ai.djl.Device;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.analysis.series.CheckpointModels;
import ai.llm360.common.model.WeightType;
import ai.llm360.zoo.Series;
import ai.llm360.zoo.Zoo;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options that say how the checkpoints of a series are loaded, one after another. */
final class SeriesOptions {

    static final String SERIES =
            "A model's name, a run's directory or a model in a static tree, for all checkpoints; or"
                    + " some of them: amber@0..359:40, ./my-run@uniform:3.";

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            converter = LoadedType.class,
            description =
                    "Hold the weights as fp32, bf16, fp16 or int8. Default: as the checkpoints have"
                            + " them.")
    private WeightType dtype;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            converter = DeviceOption.class,
            description = "cpu, cuda or cuda:N. Default: the first GPU, else the CPU.")
    private Device device;

    /** Finds a series; of a published model that the Hub hasn't been asked about, it is asked. */
    static Series find(Zoo zoo, String reference) throws ModelNotFoundException, IOException {
        zoo.deciding(reference);
        return zoo.series(reference);
    }

    CheckpointModels models() {
        if (device != null) {
            DeviceOption.require(device);
        }
        return new CheckpointModels(Optional.ofNullable(dtype), Optional.ofNullable(device));
    }
}
