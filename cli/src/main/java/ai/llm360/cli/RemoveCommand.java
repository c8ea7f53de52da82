package ai.llm360.cli;

import ai.llm360.zoo.transfer.Removal;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 rm}: removes pulled checkpoints from this machine. */
@Command(
        name = "rm",
        description = {
            "Removes pulled checkpoints from this machine: from the Hub's cache, with the contents"
                    + " that no other snapshot shows, and from the model home.",
            "What a training saved, and what comes with this program, is never removed."
        })
final class RemoveCommand extends Verb {

    @Parameters(
            arity = "1..*",
            paramLabel = "REF",
            completionCandidates = ModelNames.class,
            description =
                    "A published checkpoint: amber@ckpt-200. Several: amber@0..359:40. Or any"
                            + " repository and its branch, tag or commit: LLM360/Amber@ckpt_200.")
    private List<String> references;

    @Mixin private Confirmation confirmation;

    @Override
    public Integer call() throws Exception {
        return RemovalReport.run(output, confirmation, Removal.of(zoo(), references));
    }
}
