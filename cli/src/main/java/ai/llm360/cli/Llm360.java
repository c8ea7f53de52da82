package ai.llm360.cli;

import ai.llm360.common.nn.EngineSettings;
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
        subcommands = {
            GenerateCommand.class,
            InfillCommand.class,
            ScoreCommand.class,
            TokenizeCommand.class,
            ListCommand.class,
            InfoCommand.class,
            ConvertCommand.class,
            PrepareCommand.class,
            PullCommand.class,
            PublishedCommand.class,
            PublishCommand.class,
            TensorCommand.class,
            VerifyCommand.class,
            RemoveCommand.class,
            CacheCommand.class,
            DataCommand.class,
            PretrainCommand.class,
            RecipeCommand.class,
            ReproduceCommand.class
        })
public final class Llm360 implements Runnable {

    private static final String HTTP_BUFFER = "jdk.httpclient.bufsize";
    private static final String NO_LOGIN_FOR_TUNNELS = "jdk.http.auth.tunneling.disabledSchemes";

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
        Ending ending = Ending.ofProcess();
        int status = 1;
        try {
            status = run(args, Terminal.ofProcess(ending));
        } finally {
            ending.finished(status);
        }
        System.exit(status);
    }

    /** Runs the command and returns its exit status. */
    static int run(String[] args, Terminal terminal) {
        EngineSettings.apply();
        setUpNetwork();
        Failures failures = new Failures(terminal.err());
        CommandLine commandLine =
                new CommandLine(new Llm360(), terminal.factory())
                        .setOut(Output.writer(terminal.out()))
                        .setErr(Output.writer(terminal.err()))
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .setExpandAtFiles(false) // a text may begin with @
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
        return terminal.out().checkError() && status == 0 ? Output.BROKEN_PIPE : status;
    }

    /**
     * The JDK's HTTP client reads 16 KiB at a time, and then spends more on handing them on than on
     * reading them. And it doesn't show a proxy the login that HTTPS_PROXY has for it. It looks at
     * both once, when it is first used.
     */
    private static void setUpNetwork() {
        setUnlessSet(HTTP_BUFFER, String.valueOf(256 << 10));
        setUnlessSet(NO_LOGIN_FOR_TUNNELS, "");
    }

    private static void setUnlessSet(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }

    boolean verbose() {
        return verbose;
    }
}
