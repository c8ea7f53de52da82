package ai.llm360.cli;

import ai.llm360.common.torch.Machine;
import ai.llm360.zoo.CheckpointComparison;
import ai.llm360.zoo.ReproductionResult;
import java.util.ArrayList;
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
        List<List<?>> table = new ArrayList<>();
        for (CheckpointComparison checkpoint : checkpoints) {
            table.add(
                    List.of(
                            checkpoint.checkpoint(),
                            checkpoint.step(),
                            "%d of %d".formatted(checkpoint.equalTensors(), checkpoint.tensors()),
                            String.format(Locale.ROOT, "%.2g", checkpoint.largestDifference()),
                            Output.decimal(checkpoint.publishedLoss(), 4),
                            Output.decimal(checkpoint.loss(), 4),
                            Output.decimal(checkpoint.lossDifference(), 4)));
        }
        output.table(
                List.of(
                        "checkpoint",
                        "step",
                        "tensors equal",
                        "largest difference",
                        "loss published",
                        "loss now",
                        "difference"),
                table);
        output.line(explanation);
    }
}
