package ai.llm360.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs {@code llm360 tokenizer}: groups what is done with tokenizers themselves. */
@Command(
        name = "tokenizer",
        description = "Makes a tokenizer of texts.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = TokenizerTrainCommand.class)
final class TokenizerCommand implements Runnable {

    @Spec private CommandSpec spec;

    TokenizerCommand() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command: train");
    }
}
