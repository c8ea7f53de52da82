package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.hub.HubServer;
import ai.llm360.zoo.testing.HubEnvironment;
import ai.llm360.zoo.testing.PublishedHub;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The table in docs/references.md, cell by cell, on a run, its tree and a Hub of the test's own.
 */
class ReferencesTest {

    private static final String HOME = "llm360.home";
    private static final Path PAGE = Path.of("../docs/references.md");

    @TempDir static Path temp;
    private static final String BEFORE = System.getProperty(HOME, "");
    private static TinyRun tiny;
    private static HubServer server;
    private static HubEnvironment hub;

    private final CommandRun command = new CommandRun();
    private int made;

    @BeforeAll
    static void make() throws IOException {
        System.setProperty(HOME, temp.resolve("home").toString());
        CommandRun command = new CommandRun();
        tiny = TinyRun.in(temp, 2);
        assertThat(command.run("pretrain", tiny.recipe(), "--out=" + tiny.out())).isZero();
        for (String name : List.of("ckpt-000", "ckpt-001")) {
            TinyTokenizer.llama().words("Hello").writeJson(tiny.out().resolve(name));
        }
        TinyBenchmark.in(temp.resolve("evals"));
        TinyModel.adapter(tiny.out().resolve("ckpt-000"), temp.resolve("adapter"));
        assertThat(command.run("export", tiny.out().toString(), temp + "/tree")).isZero();
        Files.createDirectories(temp.resolve("home"));
        Files.createSymbolicLink(temp.resolve("home/own"), tiny.out());
        server = PublishedHub.in(temp.resolve("hub")).withAmber(List.of("ckpt_200")).server();
        hub = HubEnvironment.of(server.endpoint(), temp.resolve("hf"));
        assertThat(command.run("pull", "LLM360/Amber@ckpt_200")).as(command.err()).isZero();
    }

    @AfterAll
    static void close() {
        hub.close();
        server.close();
        System.setProperty(HOME, BEFORE); // an empty one is as none
    }

    /** A reference for each column of the table. */
    private static Map<String, String> kinds() {
        String run = tiny.out().toString();
        String tree = "llm360+" + temp.toUri() + "tree/tiny-run";
        Map<String, String> kinds = new LinkedHashMap<>();
        kinds.put("name", "own@0");
        kinds.put("several", "own@0..1");
        kinds.put("run", run);
        kinds.put("of a run", run + "@0");
        kinds.put("several of a run", run + "@uniform:2");
        kinds.put("directory", run + "/ckpt-001");
        kinds.put("file", run + "/ckpt-001/model.safetensors");
        kinds.put("tree", tree + "@latest");
        kinds.put("several of a tree", tree + "@0..1");
        kinds.put("Hub", "LLM360/Amber@ckpt_200");
        kinds.put("with an adapter", run + "@0+" + temp.resolve("adapter"));
        return kinds;
    }

    private List<String> arguments(String verb, String reference) {
        String out = temp.resolve("out" + made++).toString();
        List<String> rest =
                switch (verb) {
                    case "generate" -> List.of("--ids=1,2", "--max-new-tokens=1");
                    case "infill" -> List.of("--prefix=a", "--suffix=b");
                    case "score" -> List.of("--ids=1,2,3");
                    case "evaluate" -> List.of("--tasks=arc_easy", "--data=" + temp + "/evals");
                    case "tokenize" -> List.of("Hello");
                    case "tensor" -> List.of("model.norm.weight");
                    case "convert", "export" -> List.of(out);
                    case "merge" -> List.of("--out=" + out);
                    case "prepare" -> List.of("--dtype=int8");
                    case "pull", "rm" -> List.of("--plan");
                    case "data show" -> List.of("--step=1");
                    default -> List.of();
                };
        List<String> arguments = new ArrayList<>(List.of(verb.split(" ", -1)));
        if (verb.equals("pretrain --from")) { // of another size: told once the weights are found
            return List.of(
                    "pretrain",
                    tiny.recipe(),
                    "--from=" + reference,
                    "--set=model.hidden_size=48",
                    "--out=" + out);
        }
        arguments.add(reference);
        arguments.addAll(rest);
        return arguments;
    }

    private boolean found(int status) {
        return status == 0
                || command.err().contains("the tokenizer has no <|fim_prefix|>")
                || command.err().contains("is outside the model's vocabulary")
                || command.err().contains("the checkpoint is not of this model");
    }

    @Test
    void every_verb_takes_what_the_table_says_and_refuses_the_rest_in_a_line() throws IOException {
        List<List<String>> table = table();
        List<String> kinds = table.get(0).subList(1, table.get(0).size());
        assertThat(kinds).containsExactlyElementsOf(kinds().keySet());
        for (List<String> row : table.subList(1, table.size())) {
            for (String verb : row.get(0).replace("`", "").split(", ", -1)) {
                for (int i = 0; i < kinds.size(); i++) {
                    String reference = kinds().get(kinds.get(i));
                    int status = command.run(arguments(verb, reference).toArray(String[]::new));
                    boolean takes = row.get(i + 1).equals("✓");
                    assertThat(found(status))
                            .as("%s %s: %d %s", verb, reference, status, command.err())
                            .isEqualTo(takes);
                    if (!takes) {
                        assertThat(command.err()).as(verb).hasLineCount(1).startsWith("llm360 ");
                        assertThat(command.err()).doesNotContain("Exception");
                    }
                }
            }
        }
    }

    @Test
    void json_is_one_document_and_nothing_else() throws IOException {
        for (String verb : verbs()) {
            String reference = verb.equals("pull") || verb.equals("rm") ? "Hub" : "of a run";
            if (verb.equals("export") || verb.equals("data show")) {
                reference = "run";
            } else if (verb.equals("merge")) {
                reference = "with an adapter";
            }
            List<String> arguments = new ArrayList<>(arguments(verb, kinds().get(reference)));
            arguments.add("--json");
            int status = command.run(arguments.toArray(String[]::new));
            if (status == 0) {
                assertThat(command.out()).as(verb).hasLineCount(1).endsWith("}\n");
                assertThat(JsonParser.parseString(command.out()).isJsonObject()).isTrue();
            } else { // no model of that kind
                assertThat(found(status)).as("%s: %s", verb, command.err()).isTrue();
                assertThat(command.out()).isEmpty();
            }
        }
    }

    private static List<String> verbs() throws IOException {
        return table().stream()
                .skip(1)
                .flatMap(row -> Arrays.stream(row.get(0).replace("`", "").split(", ", -1)))
                .toList();
    }

    @Test
    void the_table_has_every_verb_that_takes_a_reference() throws IOException {
        Set<String> verbs = new TreeSet<>();
        for (List<String> row : table()) {
            Matcher verb = Pattern.compile("`([a-z]+)").matcher(row.get(0));
            while (verb.find()) {
                verbs.add(verb.group(1));
            }
        }
        for (String other :
                List.of(
                        "scores",
                        "timeline", // these three as list
                        "memorize",
                        "first-seen",
                        "cache",
                        "finetune", // as pretrain: it is that class
                        "chat", // as generate: they share ModelOptions
                        "tokenizer",
                        "recipe",
                        "reproduce",
                        "help",
                        "version",
                        "completion")) {
            verbs.add(other); // these take a published model's name, or nothing of the kind
        }
        Set<String> all = new TreeSet<>();
        HelpTexts.GROUPS.values().forEach(all::addAll);
        assertThat(verbs).isEqualTo(all);
    }

    private static List<List<String>> table() throws IOException {
        return Files.readAllLines(PAGE).stream()
                .dropWhile(line -> !line.startsWith("| verb |"))
                .takeWhile(line -> line.startsWith("|"))
                .filter(line -> !line.startsWith("|---"))
                .map(line -> line.substring(1, line.lastIndexOf('|')).split("\\|", -1))
                .map(cells -> Arrays.stream(cells).map(String::strip).toList())
                .toList();
    }

    @Test
    void a_run_stands_for_its_last_checkpoint_and_a_series_for_all() {
        String run = tiny.out().toString();
        assertThat(command.json("info", run, "--json").get("path").getAsString())
                .endsWith("/ckpt-001");
        assertThat(command.json("info", run + "@CKPT_0", "--json").get("path").getAsString())
                .endsWith("/ckpt-000");
        assertThat(command.json("info", run + "@0.6k-tokens", "--json").get("path").getAsString())
                .endsWith("/ckpt-000"); // of 512 and 1,024 tokens
        assertThat(command.json("list", run, "--json").getAsJsonArray("checkpoints")).hasSize(2);
        command.assertFails(
                1,
                new String[] {"info", run + "@ckpt-007"},
                "no checkpoint 'ckpt-007' in " + run + ": there are ckpt-000, ckpt-001");
    }

    @Test
    void a_mistyped_model_is_told_with_the_one_that_was_meant() {
        command.assertFails(1, new String[] {"info", "ambr@200"}, "did you mean amber?");
        command.assertFails(1, new String[] {"list", "ambernano"}, "did you mean amber-nano?");
        command.assertFails(1, new String[] {"info", "src"}, "did you mean ./src?");
        assertThat(command.run("list", "gpt")).isEqualTo(1);
        assertThat(command.err()).doesNotContain("did you mean");
    }
}
