package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.config.EngineSettings;
import ai.llm360.common.config.PortableMode;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.zoo.reproduce.DataRecipes;
import ai.llm360.zoo.reproduce.Pretraining;
import ai.llm360.zoo.reproduce.Reproduction;
import ai.llm360.zoo.reproduce.ReproductionResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 reproduce}: trains a published series anew and compares the two. */
@Command(
        name = "reproduce",
        description = {
            "Trains a model that comes with the library anew, from what its recipe begins with, and"
                    + " compares each of its checkpoints with the published one.",
            "The data comes from the recipe's sources: Maven artifacts of the local repository, or"
                    + " else downloaded into the model home. Training is on the CPU with two"
                    + " threads, in the portable mode: on every x86-64 Linux the bits are to be"
                    + " equal. On other systems the last bits differ, and the losses are compared."
        },
        footer = {
            "",
            "Exit status: 0 when all tensors are equal, or when this system is another than the"
                    + " one that made the series and the losses agree; 1 otherwise; 130 when"
                    + " stopped before the end."
        })
final class ReproduceCommand extends Verb {

    @Parameters(index = "0", paramLabel = "MODEL", description = "The model, such as amber-nano.")
    private String model;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description =
                    "Keep the data and the run in DIR, which is made. Default: a temporary"
                            + " directory, removed at the end.")
    private Path out;

    @Option(names = "--offline", description = "Download nothing.")
    private boolean offline;

    @Override
    public Integer call() throws IOException, ModelNotFoundException {
        Reproduction reproduction = Reproduction.of(model);
        if (reproduction.isPortable()) {
            PortableMode.check(); // before minutes are spent on data
        } else {
            EngineSettings.optThreads(reproduction.published().madeOn().threads());
        }
        if (out != null) {
            return reproduce(reproduction, out);
        }
        Path temporary = Files.createTempDirectory("llm360-reproduce-");
        try {
            return reproduce(reproduction, temporary);
        } finally {
            AtomicDirectory.remove(temporary);
        }
    }

    private void prepare(TrainingPhase phase, Path data)
            throws IOException, ModelNotFoundException {
        ConfigTree part = phase.recipe().part(DataRecipes.PART).orElseThrow();
        if (!DataRecipes.isConversations(part)) {
            DataReport.prepare(Reproduction.data(phase), !offline, terminal());
            return;
        }
        DataRecipes.prepareConversations(
                part, Path.of(""), data, offline ? null : terminal()::announce, null);
    }

    private int reproduce(Reproduction reproduction, Path directory)
            throws IOException, ModelNotFoundException {
        Path data = directory.resolve("data");
        for (TrainingPhase phase : reproduction.phases(data)) {
            prepare(phase, data);
        }
        Path run = directory.resolve("run");
        List<Pretraining.Outcome> outcomes =
                TrainingProgress.show(reproduction.training(data, run), terminal());
        if (!outcomes.get(outcomes.size() - 1).result().finished()) {
            return Failures.INTERRUPTED;
        }
        ReproductionResult result = reproduction.result(run);
        ReproductionReport report = ReproductionReport.of(model, result);
        output.result(report, () -> report.print(output));
        return result.reproduced() ? 0 : 1;
    }
}
