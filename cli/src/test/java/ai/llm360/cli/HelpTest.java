package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;

class HelpTest {

    private static final String WIDTH = "picocli.usage.width";
    private final CommandRun command = new CommandRun();

    /** The verbs, and their own, as words of a command line. */
    private static List<CommandLine> commands(CommandLine of) {
        List<CommandLine> all = new ArrayList<>(List.of(of));
        of.getSubcommands().values().forEach(verb -> all.addAll(commands(verb)));
        return all;
    }

    private static CommandLine root() {
        return Llm360.commandLine(CommandRun.silent());
    }

    private static String[] words(CommandLine verb, String... last) {
        List<String> words =
                new ArrayList<>(List.of(verb.getCommandSpec().qualifiedName().split(" ", -1)));
        words.addAll(List.of(last));
        return words.subList(1, words.size()).toArray(String[]::new);
    }

    @Test
    void every_verb_is_in_one_group() {
        List<String> grouped =
                HelpTexts.GROUPS.values().stream().flatMap(Collection::stream).toList();
        assertThat(grouped).doesNotHaveDuplicates();
        Set<String> verbs = new TreeSet<>(root().getSubcommands().keySet());
        assertThat(new TreeSet<>(grouped)).isEqualTo(verbs);
        assertThat(command.run("--help")).isZero();
        assertThat(command.out())
                .contains("\nTrain:\n  tokenizer ", "\n  generate    Continues a text");
    }

    @ParameterizedTest
    @ValueSource(ints = {60, 80, 200})
    void no_word_is_broken_and_no_line_is_too_long(int width) {
        String before = System.setProperty(WIDTH, String.valueOf(width));
        try {
            for (CommandLine verb : commands(root())) {
                assertThat(command.run(words(verb, "--help"))).isZero();
                String help = command.out();
                assertThat(help.lines().toList()).allMatch(line -> line.length() <= width);
                assertThat(help).doesNotContainPattern("[\uE000-\uE0FF]");
                Set<String> printed = Set.of(new TreeSet<>(words(help)).toArray(String[]::new));
                int room = width - 30; // the narrowest column of descriptions
                assertThat(texts(verb.getCommandSpec()))
                        .as(verb.getCommandSpec().qualifiedName())
                        .filteredOn(word -> word.length() <= room)
                        .allMatch(printed::contains);
            }
        } finally {
            System.clearProperty(WIDTH);
            if (before != null) {
                System.setProperty(WIDTH, before);
            }
        }
    }

    private static List<String> words(String text) {
        return Stream.of(text.split("\\s+", -1)).filter(word -> !word.isEmpty()).toList();
    }

    private static List<String> texts(CommandSpec spec) {
        List<String> texts = new ArrayList<>(List.of(spec.usageMessage().description()));
        texts.addAll(List.of(spec.usageMessage().footer()));
        for (ArgSpec argument : spec.args()) {
            texts.addAll(List.of(argument.description()));
        }
        return words(String.join(" ", texts));
    }

    @Test
    void addresses_stay_whole_at_80_columns() {
        Pattern address = Pattern.compile("\\S*https?:\\S*");
        for (CommandLine verb : commands(root())) {
            List<String> written =
                    texts(verb.getCommandSpec()).stream()
                            .filter(word -> address.matcher(word).matches())
                            .toList();
            assertThat(command.run(words(verb, "--help"))).isZero();
            assertThat(words(command.out())).containsAll(written);
        }
    }

    @Test
    void help_and_version_are_words_too() {
        command.run("data", "prepare", "--help");
        String asOption = command.out();
        assertThat(command.run("help", "data", "prepare")).isZero();
        assertThat(command.out()).isEqualTo(asOption);
        assertThat(command.run("help")).isZero();
        assertThat(command.out()).startsWith("Usage: llm360 ");
        command.run("--version");
        String version = command.out();
        assertThat(command.run("version")).isZero();
        assertThat(command.out()).isEqualTo(version);
        command.assertWrongUse(
                "llm360: No command 'generat'; did you mean generate? (see llm360 --help)\n",
                "help",
                "generat");
    }

    @Test
    void without_a_verb_the_help_is_an_error() {
        command.run("--help");
        String help = command.out();
        assertThat(command.run()).isEqualTo(2);
        assertThat(command.err()).isEqualTo(help);
        assertThat(command.out()).isEmpty();
    }

    @Test
    void mistyped_verbs_and_options_are_told_with_what_was_meant() {
        assertThat(command.run("generte")).isEqualTo(2);
        assertThat(command.err()).hasLineCount(1).contains("did you mean generate?");
        assertThat(command.run("generate", "amber-nano", "x", "--temprature=1")).isEqualTo(2);
        assertThat(command.err()).hasLineCount(1).contains("did you mean --temperature?");
    }

    @Test
    void a_shell_is_told_verbs_options_and_models() {
        assertThat(command.run("completion", "bash")).isZero();
        assertThat(command.out())
                .startsWith("#!/usr/bin/env bash")
                .contains("amber-nano", "--max-new-tokens", "reproduce");
        String bash = command.out();
        assertThat(command.run("completion", "zsh")).isZero();
        assertThat(command.out()).isEqualTo(bash).contains("bashcompinit");
        assertThat(command.run("completion", "fish")).isEqualTo(2);
        assertThat(command.err()).hasLineCount(1).contains("fish");
    }
}
