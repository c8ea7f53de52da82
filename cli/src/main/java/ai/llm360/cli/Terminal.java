package ai.llm360.cli;

import ai.llm360.io.internal.PlainText;
import ai.llm360.zoo.Zoo;
import java.io.BufferedOutputStream;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;

/**
 * A command's streams: the process' own, or a test's.
 *
 * @param in standard input
 * @param out standard output
 * @param err standard error
 * @param interactive whether a person sits at it: input and output are a terminal's
 * @param shown whether output is a terminal's, as far as that can be told where input is not
 * @param shutdownHook decides how the command reacts to Ctrl-C or SIGTERM
 * @param zoos begins the verbs' zoo
 */
record Terminal(
        InputStream in,
        PrintStream out,
        PrintStream err,
        boolean interactive,
        boolean shown,
        ShutdownHook shutdownHook,
        Supplier<Zoo.Builder> zoos) {

    Terminal(
            InputStream in,
            PrintStream out,
            PrintStream err,
            boolean interactive,
            ShutdownHook shutdownHook) {
        this(in, out, err, interactive, interactive, shutdownHook, Zoo::builder);
    }

    /** UTF-8 whatever the locale says: what is written is often read by another program. */
    static Terminal ofProcess(ShutdownHook shutdownHook) {
        return new Terminal(
                System.in,
                utf8(FileDescriptor.out),
                utf8(FileDescriptor.err),
                isInteractive(),
                isInteractive() || isTerminal(Path.of("/proc/self/fd/1")),
                shutdownHook,
                Zoo::builder);
    }

    private static PrintStream utf8(FileDescriptor descriptor) {
        return new PrintStream(
                new BufferedOutputStream(new Written(new FileOutputStream(descriptor))),
                descriptor == FileDescriptor.err,
                StandardCharsets.UTF_8);
    }

    /** A print stream keeps quiet about all errors; a full disk is to be told of. */
    static final class Written extends FilterOutputStream {

        Written(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            try {
                out.write(bytes, from, length);
            } catch (IOException e) {
                if (String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("pipe")) {
                    throw e;
                }
                throw new UncheckedIOException(
                        new IOException("can't write the output: " + e.getMessage(), e));
            }
        }
    }

    @SuppressWarnings("SystemConsoleNull") // isTerminal is asked where there is one
    private static boolean isInteractive() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try { // From Java 22 on there is a console even without a terminal.
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return true;
        }
    }

    /** Returns a zoo that says here where it waits for the network. */
    Zoo zoo() {
        return zoos.get().optRetryListener(new Retries(this)).build();
    }

    /** Tells of a download before it begins. */
    void announce(URI url) {
        say("downloading " + url);
    }

    /** Says something in a line of its own on standard error. */
    void say(String text) {
        err.println(PlainText.inLine(text));
    }

    /** Linux tells what a descriptor is; elsewhere there is no such link. */
    private static boolean isTerminal(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor)
                    .toString()
                    .matches("/dev/(pts/|tty|console).*");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    /** Makes verbs and their mixins; one whose constructor takes a terminal is given this one. */
    IFactory factory() {
        return new IFactory() {
            @Override
            public <K> K create(Class<K> type) throws Exception {
                for (Constructor<?> constructor : type.getDeclaredConstructors()) {
                    Class<?>[] parameters = constructor.getParameterTypes();
                    if (Arrays.equals(parameters, new Class<?>[] {Terminal.class})) {
                        return type.cast(constructor.newInstance(Terminal.this));
                    }
                }
                return CommandLine.defaultFactory().create(type);
            }
        };
    }
}
