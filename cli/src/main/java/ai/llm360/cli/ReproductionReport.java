package ai.llm360.cli;

import ai.llm360.common.torch.Machine;
import ai.llm360.zoo.reproduce.CheckpointComparison;
import ai.llm360.zoo.reproduce.ReproductionResult;
import java.util.List;
import java.util.Locale;

/** Reports a reproduction's findings, as JSON and as people want to read them. */
record ReproductionReport(
        String model,
        boolean identical,
        boolean reproduced,
        Machine publishedOn,
        Machine madeOn,
        List<CheckpointComparison> checkpoints,
        String explanation) {

    static ReproductionReport of(String model, ReproductionResult result) {
        return new ReproductionReport(
                model,
                result.identical(),
                result.reproduced(),
                result.publishedOn(),
                result.madeOn(),
                result.checkpoints(),
                result.explanation());
    }

    void print(Output output) {
        output.table(
                List.of(
                        "checkpoint",
                        "step",
                        "tensors equal",
                        "largest difference",
                        "loss published",
                        "loss now",
                        "difference"),
                checkpoints,
                one ->
                        List.of(
                                one.checkpoint(),
                                one.step(),
                                "%d of %d".formatted(one.equalTensors(), one.tensors()),
                                String.format(Locale.ROOT, "%.2g", one.largestDifference()),
                                Output.decimal(one.publishedLoss(), 4),
                                Output.decimal(one.loss(), 4),
                                Output.decimal(one.lossDifference(), 4)));
        output.line(explanation);
    }
}
