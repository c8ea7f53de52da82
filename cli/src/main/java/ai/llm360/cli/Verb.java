package ai.llm360.cli;

import ai.llm360.zoo.Zoo;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A verb of the command, with the parts that all of them share. */
@Command(mixinStandardHelpOptions = true, versionProvider = Version.class)
abstract class Verb implements Callable<Integer> {

    @Mixin Output output;
    @Spec CommandSpec spec;

    Terminal terminal() {
        return output.terminal();
    }

    Zoo zoo() {
        return terminal().zoo();
    }

    /** Returns the exception for a wrong use. */
    ParameterException wrong(String problem) {
        return new ParameterException(spec.commandLine(), problem);
    }
}
