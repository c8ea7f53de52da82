package ai.llm360.cli;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.ColorScheme;
import picocli.CommandLine.Help.Column;
import picocli.CommandLine.Help.TextTable;
import picocli.CommandLine.IHelpFactory;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * Lays out help: verbs in groups, and no line's end within a word such as an address or a file's
 * name.
 *
 * <p>Picocli breaks lines where {@link java.text.BreakIterator} may, also behind the colon of
 * {@code https://}. So characters that are followed by more of a word are replaced by letters of
 * Unicode's private area while lines are broken; {@link #writer} puts them back.
 */
final class HelpTexts implements IHelpFactory {

    /** The verbs by what they are for; a test holds that none is missing. */
    static final Map<String, List<String>> GROUPS = groups();

    private static final String BREAKING = ".:,";
    private static final char GUARD = '\uE000';
    private static final Pattern WITHIN_WORD = Pattern.compile("[.:,](?=\\S)");

    private static Map<String, List<String>> groups() {
        Map<String, List<String>> groups = new LinkedHashMap<>();
        groups.put("Use a model", List.of("generate", "chat", "infill", "score", "tokenize"));
        groups.put("Look at checkpoints", List.of("list", "info", "tensor", "scores"));
        groups.put("Study a series", List.of("evaluate", "timeline", "first-seen", "memorize"));
        groups.put(
                "Fetch and keep checkpoints",
                List.of("pull", "verify", "rm", "cache", "convert", "merge", "prepare", "export"));
        groups.put(
                "Train",
                List.of("tokenizer", "data", "recipe", "pretrain", "finetune", "reproduce"));
        groups.put("This program", List.of("help", "version", "completion"));
        return Collections.unmodifiableMap(groups);
    }

    @Override
    public Help create(CommandSpec spec, ColorScheme colors) {
        guard(spec);
        UsageMessageSpec usage = spec.usageMessage();
        if (spec.root() == spec) {
            usage.sectionMap()
                    .put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, HelpTexts::groupedVerbs);
        }
        return new Help(spec, colors);
    }

    private static String groupedVerbs(Help help) {
        int name = help.subcommands().keySet().stream().mapToInt(String::length).max().orElse(0);
        int width = help.commandSpec().usageMessage().width();
        StringBuilder all = new StringBuilder();
        GROUPS.forEach(
                (title, verbs) -> {
                    TextTable table =
                            TextTable.forColumns(
                                    help.colorScheme(),
                                    new Column(name + 2, 2, Column.Overflow.SPAN),
                                    new Column(width - name - 2, 2, Column.Overflow.WRAP));
                    for (String verb : verbs) {
                        table.addRowValues(
                                help.colorScheme().commandText(verb),
                                help.colorScheme()
                                        .text(
                                                description(
                                                        help.subcommands()
                                                                .get(verb)
                                                                .commandSpec())));
                    }
                    all.append("%n%s:%n".formatted(title)).append(table);
                });
        return all.toString();
    }

    private static String description(CommandSpec verb) {
        return guard(verb.usageMessage().description()[0]);
    }

    private static void guard(CommandSpec spec) {
        UsageMessageSpec usage = spec.usageMessage();
        usage.description(guarded(usage.description()));
        usage.footer(guarded(usage.footer()));
        for (OptionSpec option : List.copyOf(spec.options())) {
            if (WITHIN_WORD.matcher(String.join(" ", option.description())).find()) {
                spec.remove(option);
                spec.addOption(
                        OptionSpec.builder(option)
                                .description(guarded(option.description()))
                                .build());
            }
        }
        for (PositionalParamSpec parameter : List.copyOf(spec.positionalParameters())) {
            spec.remove(parameter);
            spec.addPositional(
                    PositionalParamSpec.builder(parameter)
                            .description(guarded(parameter.description()))
                            .build());
        }
    }

    private static String[] guarded(String... paragraphs) {
        return Arrays.stream(paragraphs).map(HelpTexts::guard).toArray(String[]::new);
    }

    private static String guard(String text) {
        return WITHIN_WORD
                .matcher(text)
                .replaceAll(
                        found -> String.valueOf((char) (GUARD + BREAKING.indexOf(found.group()))));
    }

    /** Returns a writer of laid-out help, which has all characters in their places. */
    static PrintWriter writer(PrintStream stream) {
        Writer utf8 = new OutputStreamWriter(stream, StandardCharsets.UTF_8);
        return new PrintWriter(
                new Writer() {
                    @Override
                    public void write(char[] text, int from, int length) throws IOException {
                        for (char c : Arrays.copyOfRange(text, from, from + length)) {
                            int guarded = c - GUARD;
                            boolean isGuard = guarded >= 0 && guarded < BREAKING.length();
                            utf8.write(isGuard ? BREAKING.charAt(guarded) : c);
                        }
                    }

                    @Override
                    public void flush() throws IOException {
                        utf8.flush();
                    }

                    @Override
                    public void close() throws IOException {
                        utf8.close();
                    }
                },
                true);
    }
}
