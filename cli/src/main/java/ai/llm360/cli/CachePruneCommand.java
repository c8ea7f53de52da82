package ai.llm360.cli;

import ai.llm360.zoo.transfer.Removal;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 cache prune}: removes from the Hub's cache what no snapshot shows. */
@Command(
        name = "prune",
        description =
                "Removes from the Hub's cache what no snapshot shows, and what broken downloads"
                        + " left; what another process is downloading stays.")
final class CachePruneCommand extends Verb {

    @Parameters(
            arity = "0..*",
            paramLabel = "REPOSITORY",
            description =
                    "Whose, such as LLM360/Amber. Default: all that LLM360 published its"
                            + " checkpoints in; others only where they are named.")
    private List<String> repositories = List.of();

    @Mixin private Confirmation confirmation;

    @Override
    public Integer call() throws Exception {
        return RemovalReport.run(output, confirmation, Removal.ofUnused(zoo(), repositories));
    }
}
