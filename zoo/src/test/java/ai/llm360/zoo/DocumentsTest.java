package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.zoo.djl.ModelArgument;
import ai.llm360.zoo.testing.Home;
import ai.llm360.zoo.testing.Snippets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the documents show is true: snippets compile and run, commands and links exist. */
class DocumentsTest {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:|#)([^)#]+)[^)]*\\)");
    private static final Pattern VERB = Pattern.compile("(?m)^\\./llm360 ([a-z-]+)");

    @TempDir Path temp;

    private static List<String> blocks(String language) throws IOException {
        return blocks("README.md", language);
    }

    private static List<String> blocks(String document, String language) throws IOException {
        Matcher matcher =
                Pattern.compile("(?ms)^```" + language + "\\n(.*?)^```$")
                        .matcher(Files.readString(ROOT.resolve(document)));
        return matcher.results().map(result -> result.group(1)).toList();
    }

    @Test
    void every_java_snippet_of_the_readme_compiles_and_runs() throws Exception {
        List<String> snippets = blocks("java");
        assertThat(snippets).hasSizeGreaterThanOrEqualTo(4);
        try (Home home = Home.at(temp.resolve("home"))) {
            assertThat(home).isNotNull();
            String printed = Snippets.run(snippets, temp.resolve("classes"));
            assertThat(printed).contains("ckpt-000 ", "ckpt-009 ");
        }
    }

    @Test
    void every_java_snippet_about_djl_compiles_and_runs() throws Exception {
        List<String> snippets = blocks("docs/djl.md", "java");
        assertThat(snippets).hasSizeGreaterThanOrEqualTo(3);
        try (Home home = Home.at(temp.resolve("home"))) {
            assertThat(home).isNotNull();
            String printed = Snippets.run(snippets, temp.resolve("classes"));
            assertThat(printed).contains("ckpt-005", "input_ids");
        }
    }

    @Test
    void the_documents_list_every_argument() throws IOException {
        String page = Files.readString(ROOT.resolve("docs/djl.md"));
        for (ModelArgument argument : ModelArgument.values()) {
            assertThat(page).contains("| `" + argument.key() + "` |");
        }
    }

    @Test
    void every_command_of_the_readme_exists() throws IOException {
        String commands = String.join("\n", blocks("bash"));
        assertThat(commands).contains("mvn verify");
        assertThat(Files.isExecutable(ROOT.resolve("llm360"))).isTrue();
        Path verbs = ROOT.resolve("cli/src/main/java/ai/llm360/cli");
        for (MatchResult verb : VERB.matcher(commands).results().toList()) {
            String name = verb.group(1);
            String type =
                    Arrays.stream(name.split("-"))
                            .map(w -> w.substring(0, 1).toUpperCase(Locale.ROOT) + w.substring(1))
                            .collect(Collectors.joining());
            Path file = verbs.resolve(type + "Command.java");
            assertThat(file).as("the verb %s", name).isRegularFile();
        }
    }

    @Test
    void every_link_of_a_document_leads_somewhere() throws IOException {
        try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            Stream<Path> top =
                    Stream.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md").map(ROOT::resolve);
            for (Path file : Stream.concat(top, docs).filter(DocumentsTest::isPage).toList()) {
                LINK.matcher(Files.readString(file))
                        .results()
                        .map(link -> file.resolveSibling(link.group(1)))
                        .forEach(target -> assertThat(target).as("in %s", file).exists());
            }
        }
    }

    private static boolean isPage(Path file) {
        return file.toString().endsWith(".md");
    }
}
