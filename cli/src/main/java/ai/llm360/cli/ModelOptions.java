package ai.llm360.cli;

import ai.djl.MalformedModelException;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.zoo.CheckpointEntry;
import java.io.IOException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Options that choose a model, its type and its device. */
final class ModelOptions {

    /** Describes a reference to a model that is loaded. */
    static final String DESCRIPTION =
            ModelNames.REF
                    + ModelNames.ADAPTER
                    + " What the Hub has and this machine hasn't is downloaded, unless"
                    + " HF_HUB_OFFLINE is set.";

    @Parameters(
            index = "0",
            paramLabel = "REF",
            completionCandidates = ModelNames.class,
            description = DESCRIPTION)
    private String reference;

    @Mixin private LoadOptions options;

    /** Loads the model, the caller's to close. */
    ZooModel<String, String> load()
            throws ModelNotFoundException, MalformedModelException, IOException {
        return load(find());
    }

    /** Finds the checkpoint, and downloads it where it isn't here. */
    CheckpointEntry find() throws ModelNotFoundException, IOException {
        return options.find(reference);
    }

    /** Loads a checkpoint that was found, with the reference's adapters; the caller's to close. */
    ZooModel<String, String> load(CheckpointEntry checkpoint)
            throws ModelNotFoundException, MalformedModelException, IOException {
        return options.load(reference, checkpoint);
    }
}
