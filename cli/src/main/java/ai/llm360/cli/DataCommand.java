package ai.llm360.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs {@code llm360 data}: groups the verbs of training data. */
@Command(
        name = "data",
        description = "Prepares, mixes, checks and shows training data.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            DataPrepareCommand.class,
            DataMixCommand.class,
            DataValidateCommand.class,
            DataShowCommand.class
        })
final class DataCommand implements Runnable {

    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "Missing command: prepare, mix, validate or show");
    }
}
