package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The commands that the README shows are ones that the program takes; most would run too long. */
class ReadmeCommandsTest {

    private static final Pattern COMMAND = Pattern.compile("(?m)^\\./llm360 (.*)$");
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");

    static List<String> commands() throws IOException {
        String page = Files.readString(Path.of("../README.md")).replaceAll("\\\\\\n\\s*", "");
        return COMMAND.matcher(page)
                .results()
                .map(found -> found.group(1).replaceFirst(" +# .*", ""))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void are_understood(String line) {
        Matcher words = WORD.matcher(line);
        String[] arguments =
                words.results()
                        .map(word -> word.group(1) == null ? word.group(2) : word.group(1))
                        .toArray(String[]::new);
        assertThat(Llm360.commandLine(CommandRun.silent()).parseArgs(arguments).hasSubcommand())
                .isTrue();
        if (List.of("chat", "generate", "info", "list").contains(arguments[0])) {
            // A directory is a reference by its dot: my-run alone would be a model's name.
            assertThat(arguments[1]).doesNotStartWith("my-");
        }
    }
}
