package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.model.WeightPreparation;
import ai.llm360.common.model.WeightType;
import ai.llm360.zoo.Criteria;
import ai.llm360.zoo.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code llm360 prepare}: writes a checkpoint's weights as this machine's kernels take them. */
@Command(
        name = "prepare",
        description = {
            "Writes a checkpoint's weights once more, beside it, in the form that this machine's"
                    + " CPU multiplies by.",
            "Each later load of the checkpoint with that dtype takes them from there: int8 begins"
                    + " without rounding the weights first, bf16 generates faster, with the same"
                    + " weights. Delete the file to have its space back."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class PrepareCommand implements Callable<Integer> {

    @Parameters(
            paramLabel = "REF",
            completionCandidates = ModelNames.class,
            description = ModelNames.REF)
    private String reference;

    @Option(
            names = "--dtype",
            required = true,
            paramLabel = "TYPE",
            converter = LoadedType.class,
            description =
                    "bf16 (of a checkpoint in bf16; 1.5 bytes a weight, nothing is lost) or int8"
                            + " (1 byte a weight).")
    private WeightType dtype;

    @Mixin private Output output;

    @Spec private CommandSpec spec;

    private final Terminal terminal;

    PrepareCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    private record Result(String path, String dtype, long bytes) {}

    @Override
    public Integer call() throws ModelNotFoundException, IOException {
        if (dtype != WeightType.BF16 && dtype != WeightType.INT8) {
            throw new ParameterException(
                    spec.commandLine(), "weights are prepared as bf16 or int8, not " + dtype);
        }
        Path checkpoint = Reference.resolve(reference);
        Path file;
        try (ByteProgress progress = new ByteProgress(terminal)) {
            file =
                    WeightPreparation.prepare(
                            Criteria.newBlock(reference), checkpoint, dtype, progress);
        }
        Result result = new Result(file.toString(), dtype.toString(), Files.size(file));
        output.result(
                result,
                () -> output.line("%s: %s".formatted(file, ByteSize.format(result.bytes()))));
        return 0;
    }
}
