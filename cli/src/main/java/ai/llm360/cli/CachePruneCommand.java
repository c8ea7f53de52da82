package ai.llm360.cli;

import ai.llm360.hub.HubCache;
import ai.llm360.hub.HubSettings;
import ai.llm360.zoo.Removal;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 cache prune}: removes from the Hub's cache what no snapshot shows. */
@Command(
        name = "prune",
        description =
                "Removes from the Hub's cache what no snapshot shows, and what broken downloads"
                        + " left; what another process is downloading stays.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class CachePruneCommand implements Callable<Integer> {

    @Parameters(
            arity = "0..*",
            paramLabel = "REPOSITORY",
            description =
                    "Whose, such as LLM360/Amber. Default: all that LLM360 published its"
                            + " checkpoints in; others only where they are named.")
    private List<String> repositories = List.of();

    @Mixin private Confirmation confirmation;

    @Mixin private Output output;

    private final Callable<HubSettings> settings;

    CachePruneCommand() {
        this(HubSettings::ofEnvironment);
    }

    CachePruneCommand(Callable<HubSettings> settings) {
        this.settings = settings;
    }

    @Override
    public Integer call() throws Exception {
        HubCache cache = new HubCache(settings.call().cache());
        return RemovalReport.run(output, confirmation, Removal.ofUnused(cache, repositories));
    }
}
