package ai.llm360.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The {@code llm360} command: exits with 0, with 1 when a verb failed, with 2 for wrong use. */
@Command(
        name = "llm360",
        description = "LLM360's open language models, with every training checkpoint.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {TokenizeCommand.class})
public final class Llm360 implements Runnable {

    @Spec private CommandSpec spec;

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Show the stack trace of a failure.")
    private boolean verbose;

    private Llm360() {}

    /**
     * Runs the command and ends the process.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        // UTF-8 whatever the locale says: what is written is often read by another program.
        int status = run(args, utf8(FileDescriptor.out), utf8(FileDescriptor.err));
        System.exit(status);
    }

    private static PrintStream utf8(FileDescriptor descriptor) {
        return new PrintStream(
                new BufferedOutputStream(new FileOutputStream(descriptor)),
                descriptor == FileDescriptor.err,
                StandardCharsets.UTF_8);
    }

    /** Runs the command with these streams and returns its exit status. */
    static int run(String[] args, PrintStream out, PrintStream err) {
        Failures failures = new Failures(err);
        CommandLine commandLine =
                new CommandLine(new Llm360(), new Output.Factory(out))
                        .setOut(Output.writer(out))
                        .setErr(Output.writer(err))
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .setParameterExceptionHandler(failures)
                        .setExecutionExceptionHandler(failures);
        int status;
        try {
            status = commandLine.execute(args);
        } catch (LinkageError | OutOfMemoryError e) {
            // A missing native library and too small a heap: the user's to mend, not a bug's trace.
            status = failures.report(e, commandLine);
        }
        // A reader that has gone away (a closed pipe) is no failure to talk about.
        return out.checkError() && status == 0 ? Output.BROKEN_PIPE : status;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }

    boolean verbose() {
        return verbose;
    }
}
