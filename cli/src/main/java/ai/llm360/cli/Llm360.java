package ai.llm360.cli;

import ai.llm360.common.config.EngineSettings;
import ai.llm360.io.internal.NearNames;
import java.io.UncheckedIOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/**
 * The {@code llm360} command: exits with 0, with 1 when a verb failed, with 2 for wrong use, with
 * 130 when it was interrupted, with 141 when its reader went away.
 */
@Command(
        name = "llm360",
        description = "LLM360's open language models, with every training checkpoint.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "",
        footer = {
            "",
            "llm360 help COMMAND tells more of one. A REF is amber@ckpt-200, a path, or one of the"
                    + " other forms in docs/references.md.",
            "Exit status: 0 done, 1 failed, 2 wrong use (also without a COMMAND), 130 interrupted"
                    + " (pretrain has saved its state then)."
        },
        subcommands = {
            GenerateCommand.class,
            ChatCommand.class,
            InfillCommand.class,
            ScoreCommand.class,
            TokenizeCommand.class,
            ListCommand.class,
            InfoCommand.class,
            ConvertCommand.class,
            MergeCommand.class,
            PrepareCommand.class,
            PullCommand.class,
            ScoresCommand.class,
            EvaluateCommand.class,
            TimelineCommand.class,
            FirstSeenCommand.class,
            MemorizeCommand.class,
            ExportCommand.class,
            TensorCommand.class,
            VerifyCommand.class,
            RemoveCommand.class,
            CacheCommand.class,
            TokenizerCommand.class,
            DataCommand.class,
            PretrainCommand.class,
            FinetuneCommand.class,
            RecipeCommand.class,
            ReproduceCommand.class
        })
public final class Llm360 implements Callable<Integer> {

    private static final String HTTP_BUFFER = "jdk.httpclient.bufsize";
    private static final String NO_LOGIN_FOR_TUNNELS = "jdk.http.auth.tunneling.disabledSchemes";

    private static final Map<String, String> RENAMED =
            Map.of("published", "scores", "publish", "export");

    @Spec private CommandSpec spec;

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Show the stack trace of a failure.")
    private boolean verbose;

    private Llm360() {}

    /** Runs the command and ends the process. */
    public static void main(String[] args) {
        if (String.join("", args).contains("\uFFFD")
                && !"UTF-8".equalsIgnoreCase(System.getProperty("sun.jnu.encoding"))) {
            System.err.println(
                    "llm360: this locale has no letters for an argument; LC_ALL=C.UTF-8 has all");
            System.exit(ExitCode.USAGE);
        }
        ShutdownHook hook = ShutdownHook.ofProcess();
        int status = 1;
        try {
            status = run(args, Terminal.ofProcess(hook));
        } finally {
            hook.finished(status);
        }
        System.exit(status);
    }

    /** Runs the command and returns its exit status. */
    static int run(String[] args, Terminal terminal) {
        EngineSettings.apply();
        setUpNetwork();
        Failures failures = new Failures(terminal.err());
        CommandLine commandLine =
                commandLine(terminal)
                        .setParameterExceptionHandler(failures)
                        .setExecutionExceptionHandler(failures);
        int status;
        try {
            status = commandLine.execute(args);
        } catch (LinkageError | OutOfMemoryError e) {
            // A missing native library and too small a heap: the user's to mend, not a bug's trace.
            status = failures.report(e, commandLine);
        }
        try {
            // A reader that has gone away (a closed pipe) is no failure to talk about.
            return terminal.out().checkError() && status == 0 ? Output.BROKEN_PIPE : status;
        } catch (UncheckedIOException e) { // a full disk is one
            return failures.report(e, commandLine);
        }
    }

    /** Returns all verbs, with what they take. */
    static CommandLine commandLine(Terminal terminal) {
        return new CommandLine(new Llm360(), terminal.factory())
                .setOut(HelpTexts.writer(terminal.out()))
                .setErr(HelpTexts.writer(terminal.err()))
                .setHelpFactory(new HelpTexts())
                .registerConverter(Path.class, Llm360::path)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExpandAtFiles(false); // a text may begin with @
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new TypeConversionException("'%s' is no path: %s".formatted(text, e.getReason()));
        }
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

    /** Prints the help as an error: a script that lost its verb must not go on. */
    @Override
    public Integer call() {
        spec.commandLine().getErr().print(spec.commandLine().getUsageMessage());
        spec.commandLine().getErr().flush();
        return ExitCode.USAGE;
    }

    @Command(
            name = "help",
            description = "Shows what a command does and takes.",
            mixinStandardHelpOptions = true)
    int help(
            @Parameters(
                            paramLabel = "COMMAND",
                            arity = "0..*",
                            description = "The command, such as generate or data prepare.")
                    List<String> verbs) {
        CommandLine found = spec.commandLine();
        for (String verb : verbs == null ? List.<String>of() : verbs) {
            CommandLine next = found.getSubcommands().get(verb);
            if (next == null) {
                throw new ParameterException(
                        spec.commandLine(),
                        "No command '%s'%s"
                                .formatted(
                                        verb, suggestion(verb, found.getSubcommands().keySet())));
            }
            found = next;
        }
        print(found.getUsageMessage());
        return ExitCode.OK;
    }

    @Command(
            name = "version",
            description = "Prints this program's version.",
            mixinStandardHelpOptions = true)
    int version() throws Exception {
        print(String.join("\n", new Version().getVersion()) + "\n");
        return ExitCode.OK;
    }

    @Command(
            name = "completion",
            mixinStandardHelpOptions = true,
            description = {
                "Prints a script by which a shell completes commands, options and models.",
                "bash: source <(llm360 completion bash), in ~/.bashrc. zsh: the same in ~/.zshrc,"
                        + " with zsh."
            })
    int completion(@Parameters(paramLabel = "SHELL", description = "bash or zsh.") Shell shell) {
        print(AutoComplete.bash("llm360", spec.commandLine())); // zsh reads it by bashcompinit
        return ExitCode.OK;
    }

    /** The shells that {@code completion} writes for. */
    enum Shell {
        BASH,
        ZSH;

        /** {@inheritDoc} As it is written on a command line. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private void print(String text) {
        spec.commandLine().getOut().print(text);
        spec.commandLine().getOut().flush();
    }

    /** Returns a renamed verb's present name; null for any other word. */
    static String renamed(String verb) {
        return RENAMED.get(verb);
    }

    private static String suggestion(String word, Collection<String> words) {
        if (renamed(word) != null) {
            return "; it is called " + renamed(word) + " now";
        }
        List<String> near = NearNames.close(word, words);
        return near.isEmpty() ? "" : "; did you mean " + near.get(0) + "?";
    }

    boolean verbose() {
        return verbose;
    }
}
