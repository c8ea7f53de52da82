package ai.llm360.cli;

import ai.llm360.io.internal.PlainText;
import java.io.InterruptedIOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says in one line what went wrong. */
final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {

    /** A shell's status of a process that Ctrl-C ended: 128 + SIGINT. */
    static final int INTERRUPTED = 130;

    private final PrintStream err;

    Failures(PrintStream err) {
        this.err = err;
    }

    @Override
    public int handleParseException(ParameterException e, String[] args) {
        String name = e.getCommandLine().getCommandSpec().qualifiedName();
        String hint = "";
        if (e instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().isEmpty()) {
            hint = suggestion(unmatched);
        }
        err.println(name + ": " + oneLine(e.getMessage()) + hint + " (see " + name + " --help)");
        return ExitCode.USAGE;
    }

    private static String suggestion(UnmatchedArgumentException e) {
        String renamed = Llm360.renamed(e.getUnmatched().get(0));
        if (renamed != null && e.getCommandLine().getParent() == null) {
            return "; it is called " + renamed + " now";
        }
        return e.getSuggestions().isEmpty()
                ? ""
                : "; did you mean " + e.getSuggestions().get(0) + "?";
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine commandLine, ParseResult parsed) {
        if (e instanceof Output.BrokenPipeException) {
            return Output.BROKEN_PIPE;
        }
        if (Thread.currentThread().isInterrupted()
                || e instanceof InterruptedException
                || e instanceof InterruptedIOException
                || e instanceof ClosedByInterruptException) {
            return INTERRUPTED;
        }
        return report(e, commandLine);
    }

    int report(Throwable e, CommandLine commandLine) {
        Llm360 root = commandLine.getCommandSpec().root().commandLine().getCommand();
        err.println(commandLine.getCommandSpec().qualifiedName() + ": " + oneLine(message(e)));
        if (root.verbose()) {
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            err.print(PlainText.inLines(trace.toString()));
        }
        return ExitCode.SOFTWARE;
    }

    /** Returns a failure's message; the JDK's file exceptions by themselves only name the file. */
    static String message(Throwable e) {
        if (e instanceof UncheckedIOException && e.getCause() != null) {
            return message(e.getCause());
        }
        if (e instanceof NoSuchFileException) {
            return e.getMessage() + ": no such file or directory";
        }
        if (e instanceof NotDirectoryException) {
            return e.getMessage() + ": no such directory";
        }
        if (e instanceof AccessDeniedException) {
            return e.getMessage() + ": permission denied";
        }
        String name = e.getClass().getSimpleName();
        boolean namesTheFileAlone =
                e instanceof FileSystemException file
                        && file.getReason() == null
                        && !(e instanceof FileAlreadyExistsException);
        if (e instanceof Error || namesTheFileAlone) {
            return name + ": " + e.getMessage();
        }
        return e.getMessage() == null ? name : e.getMessage();
    }

    /** Puts a message into one line: a user's argument may hold a line's end or an escape. */
    private static String oneLine(String message) {
        return PlainText.inLine(message.strip().replaceAll("\\s*\\R\\s*", " "));
    }
}
