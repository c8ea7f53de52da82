package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every verb answers what names nothing by one line, and no trace. */
class NonsenseTest {

    private static final String HOME = "llm360.home";

    @TempDir Path temp;
    private final String before = System.getProperty(HOME, "");
    private final CommandRun command = new CommandRun();

    @BeforeEach
    void open() throws IOException {
        System.setProperty(HOME, temp.resolve("home").toString());
        Files.createDirectories(temp.resolve("empty"));
        Files.createDirectories(temp.resolve("page"));
        Files.writeString(temp.resolve("page/index.html"), "<p>");
        Files.createDirectories(temp.resolve("begun"));
        Files.writeString(temp.resolve("begun/config.yaml"), "name: begun\n");
        Files.writeString(temp.resolve("text"), "no tensors");
        TinyBenchmark.in(temp.resolve("evals"));
    }

    @AfterEach
    void close() {
        System.setProperty(HOME, before); // an empty one is as none
    }

    static Stream<List<String>> verbs() {
        return Stream.of(
                List.of("generate", "REF", "--ids=1"),
                List.of("infill", "REF", "--prefix=a", "--suffix=b"),
                List.of("score", "REF", "--ids=1,2"),
                List.of("evaluate", "REF", "--tasks=arc_easy", "--data=EVALS"),
                List.of("evaluate", "--tasks=REF", "--data=EVALS", "--hash-requests"),
                List.of("evaluate", "--tasks=arc_easy", "--data=REF/x", "--hash-requests"),
                List.of("tokenize", "REF", "Hello"),
                List.of("info", "REF"),
                List.of("list", "REF"),
                List.of("list", "REF", "--refresh"),
                List.of("list", "REF", "--metadata"),
                List.of("tensor", "REF", "model.norm.weight"),
                List.of("tensor", "amber-nano", "REF"),
                List.of("scores", "REF", "--task=arc"),
                List.of("timeline", "REF", "a", "b"),
                List.of("memorize", "REF", "--data=OUT"),
                List.of("first-seen", "a", "--data=OUT", "--series=REF"),
                List.of("pull", "REF"),
                List.of("verify", "REF"),
                List.of("rm", "REF", "--yes"),
                List.of("convert", "REF", "OUT"),
                List.of("merge", "REF", "--out=OUT"),
                List.of("prepare", "REF", "--dtype=int8"),
                List.of("export", "REF", "OUT"),
                List.of("pretrain", "REF", "--out=OUT"),
                List.of("pretrain", "amber-nano", "--from=REF", "--out=OUT"),
                List.of("reproduce", "REF"),
                List.of("tokenizer", "train", "REF", "--vocabulary=300", "--out=OUT"),
                List.of("data", "show", "REF", "--step=1", "--batch=1"),
                List.of("data", "prepare", "REF", "--out=OUT"),
                List.of("data", "mix", "REF", "--out=OUT"),
                List.of("help", "REF"),
                List.of("completion", "REF"),
                List.of("REF"));
    }

    private List<String> nonsense() {
        return List.of(
                "",
                " ",
                "@",
                "nonsense",
                "nonsense@3",
                "amber@",
                "amber@3+",
                "+./a",
                "amber-nano+" + temp + "/absent",
                "amber-nano+++",
                "amber@nonsense",
                "amber@9..0",
                "amber@0..9:0",
                "amber@uniform:1",
                "amber@uniform:999999",
                "amber-nano@99999999999999999999",
                "a/b/c",
                "a\nb",
                "./a\nb",
                "./a\u001b[31mb\u0007",
                "a\u0000b",
                "/\u0000",
                "file:\u0000",
                "file://host/a",
                "~nobody/x",
                "llm360+file:",
                "llm360+file:///",
                "llm360+file:///no/tree@3",
                "llm360+file:relative/m",
                "llm360+ftp://host/m",
                "\ud800",
                "x".repeat(5000),
                "./" + "x".repeat(5000),
                temp + "/absent",
                temp + "/absent@3",
                temp + "/empty",
                temp + "/empty@3",
                temp + "/empty@0..3",
                temp + "/page",
                temp + "/begun",
                temp + "/begun@0",
                temp + "/text",
                temp + "/text@1",
                temp.resolve("empty").toUri().toString());
    }

    @ParameterizedTest
    @MethodSource("verbs")
    void is_answered_by_one_line_and_status_1_or_2(List<String> verb) {
        List<String> wrong = new ArrayList<>();
        for (String reference : nonsense()) {
            String[] arguments =
                    verb.stream()
                            .map(word -> word.replace("REF", reference))
                            .map(word -> word.replace("OUT", temp + "/out"))
                            .map(word -> word.replace("EVALS", temp + "/evals"))
                            .toArray(String[]::new);
            int status = command.run(arguments);
            String told = command.err();
            boolean clear =
                    (status == 1 || status == 2)
                            && told.lines().count() == 1
                            && told.startsWith("llm360")
                            && told.length() < 12_000
                            && !told.contains("Exception")
                            && !told.contains(": null")
                            && command.out().isEmpty()
                            && told.chars().noneMatch(c -> c < ' ' && c != '\n');
            if (!clear) {
                wrong.add(
                        "%s -> %d: %s%s"
                                .formatted(List.of(arguments), status, told, command.out()));
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(temp.resolve("out")).doesNotExist();
    }
}
