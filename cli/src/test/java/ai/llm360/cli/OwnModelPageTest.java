package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The page docs/own-model.md, from its first command to its last, on this project's own pages and
 * with the recipe's numbers made small.
 */
class OwnModelPageTest {

    private static final Pattern RECIPE =
            Pattern.compile("(?s)`(my-[a-z]+\\.yaml)`:\n\n```yaml\n(.*?)```");
    private static final Pattern TALKS =
            Pattern.compile("(?s)`(my-[a-z]+\\.jsonl)`.*?\n\n```json\n(.*?)```");
    private static final Pattern BLOCK = Pattern.compile("(?s)```bash\n(.*?)```");
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");
    private static final Pattern PLACE =
            Pattern.compile("^(?:\\./(my-[a-z]+)|(my-[a-z]+\\.yaml|texts))(?![\\w-])");
    private static final Pattern IN_RECIPE = Pattern.compile("(?<=path: )my-");

    private static final Map<String, String> SMALL = small();

    @TempDir Path temp;
    private final CommandRun command = new CommandRun();

    private static Map<String, String> small() {
        Map<String, String> small = new LinkedHashMap<>();
        small.put("vocab_size: 8000", "vocab_size: 600");
        small.put("--vocabulary 8000", "--vocabulary 600");
        small.put("hidden_size: 256", "hidden_size: 16");
        small.put("intermediate_size: 688", "intermediate_size: 24");
        small.put("num_hidden_layers: 6", "num_hidden_layers: 1");
        small.put("num_attention_heads: 4", "num_attention_heads: 2");
        small.put("max_position_embeddings: 512", "max_position_embeddings: 256");
        small.put("row_length: 513", "row_length: 257");
        small.put("warmup: 20", "warmup: 2");
        return small;
    }

    @Test
    void leads_from_texts_to_a_conversation() throws IOException {
        Path texts = Files.createDirectory(temp.resolve("texts"));
        try (Stream<Path> pages = Files.walk(Path.of("../docs"))) {
            for (Path page : pages.filter(Files::isRegularFile).toList()) {
                Files.copy(page, texts.resolve(page.toString().replace('/', '-')));
            }
        }
        String page = Files.readString(Path.of("../docs/own-model.md"));
        for (Map.Entry<String, String> number : SMALL.entrySet()) {
            assertThat(page).contains(number.getKey());
            page = page.replace(number.getKey(), number.getValue());
        }
        for (MatchResult recipe : RECIPE.matcher(page).results().toList()) {
            // What a recipe prepares starts where it lies; the rest at the working directory.
            String text = IN_RECIPE.matcher(recipe.group(2)).replaceAll(temp + "/my-");
            Files.writeString(temp.resolve(recipe.group(1)), text);
        }
        Matcher talks = TALKS.matcher(page);
        assertThat(talks.find()).isTrue();
        Files.writeString(temp.resolve(talks.group(1)), talks.group(2).repeat(20));
        List<String> lines =
                BLOCK.matcher(page).results().flatMap(block -> block.group(1).lines()).toList();
        assertThat(lines).hasSize(COMMANDS).allMatch(line -> line.startsWith("./llm360 "));
        command.withInput("What is an oak?\n");
        for (String line : lines) {
            String[] words =
                    WORD.matcher(
                                    line.substring("./llm360 ".length())
                                            .replace("--out my-", "--out ./my-"))
                            .results()
                            .map(w -> w.group(1) == null ? placed(w.group(2)) : w.group(1))
                            .toArray(String[]::new);
            assertThat(command.run(words)).as(line + "\n" + command.err()).isZero();
            assertThat(command.out()).as(line).isNotEmpty();
        }
    }

    private static final int COMMANDS = 9;

    /**
     * Puts a path of the page into the test's own directory. A reference is one if it has a dot.
     */
    private String placed(String word) {
        return PLACE.matcher(word)
                .replaceFirst(
                        found -> {
                            String name = found.group(found.group(1) == null ? 2 : 1);
                            return Matcher.quoteReplacement(temp.resolve(name).toString());
                        });
    }
}
