package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.model.WeightPreparation;
import ai.llm360.common.model.WeightType;
import ai.llm360.zoo.Criteria;
import ai.llm360.zoo.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Runs {@code llm360 prepare}: writes a checkpoint's weights as this machine's kernels take them.
 */
@Command(
        name = "prepare",
        description = {
            "Writes a checkpoint's weights once more, beside it, rounded to int8.",
            "Each later load of the checkpoint as int8 takes them from there, and begins without"
                    + " rounding the weights first. Delete the file to have its space back."
        })
final class PrepareCommand extends Verb {

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
            description = "int8 (1 byte a weight).")
    private WeightType dtype;

    private record Result(String path, String dtype, long bytes) {}

    @Override
    public Integer call() throws ModelNotFoundException, IOException {
        if (dtype != WeightType.INT8) {
            throw wrong(
                    "weights are prepared as int8 alone: %s is computed as the checkpoint has it"
                            .formatted(dtype));
        }
        Path checkpoint = Reference.resolve(reference);
        Path file;
        try (Meter progress = new Meter(terminal())) {
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
