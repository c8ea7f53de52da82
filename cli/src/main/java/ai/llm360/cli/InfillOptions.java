package ai.llm360.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Options that give a gap's surroundings: two texts, two files, or one file with a mark in it. */
final class InfillOptions {

    /** The texts before and after a gap. */
    record Sides(String prefix, String suffix) {}

    @Option(
            names = "--mark",
            paramLabel = "TEXT",
            description = "What stands for the gap in FILE. Default: ${DEFAULT-VALUE}.")
    private String mark = "<FILL>";

    @Option(names = "--prefix", paramLabel = "TEXT", description = "The text before the gap.")
    private String prefix;

    @Option(names = "--suffix", paramLabel = "TEXT", description = "The text after the gap.")
    private String suffix;

    @Option(
            names = "--prefix-file",
            paramLabel = "FILE",
            description = "A file with the text before the gap, taken to its last character.")
    private Path prefixFile;

    @Option(
            names = "--suffix-file",
            paramLabel = "FILE",
            description = "A file with the text after the gap, likewise.")
    private Path suffixFile;

    private final Terminal terminal;

    InfillOptions(Terminal terminal) {
        this.terminal = terminal;
    }

    /**
     * Reads the texts.
     *
     * @param file the file with a mark in it, {@code -} for standard input; null for none
     */
    Sides read(String file, CommandSpec spec) throws IOException {
        boolean before = prefix != null || prefixFile != null;
        boolean after = suffix != null || suffixFile != null;
        if (file != null && (before || after)) {
            throw wrong(spec, "FILE takes the place of --prefix and --suffix");
        }
        if (file != null) {
            return split(spec, file, text(file));
        }
        if (!before && !after) {
            throw wrong(spec, "Missing text: give --prefix and --suffix, or a FILE with " + mark);
        }
        return new Sides(
                side(spec, "--prefix", prefix, prefixFile),
                side(spec, "--suffix", suffix, suffixFile));
    }

    private static String side(CommandSpec spec, String option, String text, Path file)
            throws IOException {
        if (text != null && file != null) {
            throw wrong(spec, "%s and %s-file: give one of them".formatted(option, option));
        }
        if (file != null) {
            return decode(file.toString(), Files.readAllBytes(file));
        }
        return text == null ? "" : text;
    }

    private String text(String file) throws IOException {
        return file.equals("-")
                ? decode("standard input", terminal.in().readAllBytes())
                : decode(file, Files.readAllBytes(Path.of(file)));
    }

    private Sides split(CommandSpec spec, String file, String text) {
        if (mark.isEmpty()) {
            throw wrong(spec, "--mark can't be empty");
        }
        int at = text.indexOf(mark);
        if (at < 0 || text.indexOf(mark, at + 1) >= 0) {
            throw wrong(
                    spec,
                    "%s has %s %s: it is to have one, where the gap is (--mark names another)"
                            .formatted(file, at < 0 ? "no" : "more than one", mark));
        }
        return new Sides(text.substring(0, at), text.substring(at + mark.length()));
    }

    private static String decode(String name, byte[] bytes) throws IOException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new IOException(name + ": not UTF-8 text", e);
        }
    }

    private static ParameterException wrong(CommandSpec spec, String problem) {
        return new ParameterException(spec.commandLine(), problem);
    }
}
