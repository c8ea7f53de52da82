package ai.llm360.cli;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.analysis.series.CheckpointModels;
import ai.llm360.common.model.WeightType;
import ai.llm360.hub.HubPlan;
import ai.llm360.zoo.AdaptedReference;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.Criteria;
import ai.llm360.zoo.Reference;
import ai.llm360.zoo.source.CheckpointDownload;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options that choose the type and the device of loaded models. */
final class LoadOptions {

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            converter = LoadedType.class,
            description =
                    "Hold the weights as fp32, bf16, fp16 or int8. Default: as the checkpoint has"
                            + " them.")
    private WeightType dtype;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            converter = DeviceOption.class,
            description = "cpu, cuda or cuda:N. Default: the first GPU, else the CPU.")
    private Device device;

    private final Terminal terminal;

    LoadOptions(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Finds the checkpoint, and downloads it where it isn't here. */
    CheckpointEntry find(String reference) throws ModelNotFoundException, IOException {
        if (device != null) {
            DeviceOption.require(device);
        }
        AdaptedReference adapted = AdaptedReference.parse(reference);
        CheckpointEntry checkpoint = terminal.zoo().resolve(adapted.base());
        Optional<CheckpointDownload> download = checkpoint.download();
        if (Reference.tokens(adapted.base()).isPresent()) {
            sayNearest(reference, checkpoint);
        }
        if (download.isPresent()) {
            run(download.get());
        }
        return checkpoint;
    }

    /** Loads a checkpoint that was found, with the reference's adapters; the caller's to close. */
    ZooModel<String, String> load(String reference, CheckpointEntry checkpoint)
            throws ModelNotFoundException, MalformedModelException, IOException {
        AdaptedReference adapted = AdaptedReference.parse(reference);
        Criteria<String, String> criteria =
                checkpoint.criteria(String.class, String.class).optAdapters(adapted.adapters());
        if (dtype != null) {
            criteria.optDtype(dtype);
        }
        if (device != null) {
            criteria.optDevice(device);
        }
        return criteria.loadModel();
    }

    /** Returns how checkpoints of a series are loaded, one after another. */
    CheckpointModels models() {
        if (device != null) {
            DeviceOption.require(device);
        }
        return new CheckpointModels(dtype(), Optional.ofNullable(device));
    }

    /** Returns the type that was asked for. */
    Optional<WeightType> dtype() {
        return Optional.ofNullable(dtype);
    }

    private void run(CheckpointDownload download) throws IOException {
        HubPlan plan = download.plan();
        terminal.say(
                String.format(
                        Locale.ROOT,
                        "%s: downloading %s@%s, %s of %s, into %s",
                        download.reference(),
                        plan.repository(),
                        plan.revision(),
                        ByteSize.format(plan.missingBytes()),
                        ByteSize.format(plan.bytes()),
                        download.cache()));
        try (Meter progress = new Meter(terminal)) {
            download.run(progress);
        }
    }

    private void sayNearest(String reference, CheckpointEntry checkpoint) {
        terminal.say(
                String.format(
                        Locale.ROOT,
                        "%s: the nearest is %s, with %,d tokens",
                        reference,
                        checkpoint.reference(),
                        checkpoint.tokens().orElseThrow()));
    }
}
