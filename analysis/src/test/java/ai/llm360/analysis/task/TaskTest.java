package ai.llm360.analysis.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.config.ConfigException;
import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The rules by which documents become requests, on a page and documents made here. */
class TaskTest {

    private static final Profile NEW = Profile.LM_EVAL_0_4_13;
    private static final Profile OLD = Profile.LM_EVAL_B281B09;

    private static final String PAGE =
            """
            name: sums
            split: validation
            forms:
              - files: {validation: [sums.jsonl], train: [train.jsonl]}
                format: jsonl
            prompt:
              description: "Add.\\n\\n"
              text: "{q} ="
              choices: ["{a}", "{b}"]
              gold: {value: "{right}", labels: [first, second]}
            metrics: [{name: acc}]
            """;

    @TempDir Path directory;

    @BeforeEach
    void write_files() throws IOException {
        Files.writeString(directory.resolve("sums.jsonl"), documents("", 4));
        Files.writeString(directory.resolve("train.jsonl"), documents("t", 30));
    }

    private static String documents(String prefix, int count) {
        return IntStream.range(0, count)
                .mapToObj(
                        i ->
                                "{\"q\":\"%s%d\",\"a\":\"A%d\",\"b\":\"B%d\",\"right\":\"%s\"}%n"
                                        .formatted(
                                                prefix, i, i, i, i % 2 == 0 ? "first" : "second"))
                .collect(Collectors.joining());
    }

    private Task task(String page) throws IOException {
        Path file = directory.resolve("page.yaml");
        Files.writeString(file, page);
        return TaskLibrary.open().find(file.toString(), NEW).get(0);
    }

    private TaskItems items(String page, Profile profile, int shots) throws IOException {
        return task(page)
                .items(
                        profile,
                        OptionalInt.of(shots),
                        TaskData.in(directory),
                        Optional.empty(),
                        OptionalInt.empty());
    }

    private static Request pair(String context, String continuation) {
        return new Request.LogLikelihood(context, continuation);
    }

    private static String context(TaskItem item) {
        return ((Request.LogLikelihood) item.requests().get(0)).context();
    }

    @Test
    void without_shots_a_document_is_description_question_and_each_choice() throws IOException {
        TaskItems made = items(PAGE, NEW, 0);
        assertThat(made.items()).extracting(TaskItem::index).containsExactly(0, 1, 2, 3);
        assertThat(made.items().get(1).requests())
                .containsExactly(pair("Add.\n\n1 =", " A1"), pair("Add.\n\n1 =", " B1"));
        assertThat(made.items().get(1).target())
                .isEqualTo(new Target.Choices(List.of("A1", "B1"), List.of(1)));
        assertThat(made.incomparable()).isEmpty();
    }

    @Test
    void today_documents_keep_their_order_and_draw_by_seed_1234() throws IOException {
        int[] drawn = new PythonRandom(1234).sample(30, 2);
        assertThat(context(items(PAGE, NEW, 2).items().get(0)))
                .isEqualTo("Add.\n\n%s%s0 =".formatted(shot(drawn[0]), shot(drawn[1])));
    }

    private static String shot(int i) {
        return "t%d = %s%d\n\n".formatted(i, i % 2 == 0 ? "A" : "B", i);
    }

    @Test
    void the_old_harness_shuffles_by_seed_42_and_draws_on() throws IOException {
        PythonRandom random = new PythonRandom(42);
        int[] order = random.shuffled(4);
        int[] drawn = random.sample(30, 1);
        List<TaskItem> made = items(PAGE, OLD, 1).items();
        assertThat(made.stream().mapToInt(TaskItem::index)).containsExactly(boxed(order));
        assertThat(context(made.get(0)))
                .isEqualTo("Add.\n\n%s%d =".formatted(shot(drawn[0]), order[0]));
    }

    private static Integer[] boxed(int[] order) {
        return IntStream.of(order).boxed().toArray(Integer[]::new);
    }

    @Test
    void where_the_document_is_left_out_one_more_is_drawn() throws IOException {
        String own = PAGE + "shots: {split: validation, exclude: true}\n";
        for (TaskItem item : items(own, NEW, 3).items()) {
            // Of four documents all others are drawn.
            assertThat(context(item).split("=", -1)).hasSize(5);
            assertThat(context(item)).containsOnlyOnce(item.index() + " =");
        }
        assertThatThrownBy(() -> items(own, NEW, 4))
                .hasMessage(
                        "sums: 4 shots need 5 documents to draw from, there are 4; ask for fewer"
                                + " shots");
    }

    @Test
    void a_pool_with_the_document_twice_is_drawn_from_again() throws IOException {
        Files.writeString(directory.resolve("sums.jsonl"), documents("", 2) + documents("", 2));
        String own = PAGE + "shots: {split: validation, exclude: true}\n";
        for (TaskItem item : items(own, NEW, 2).items()) {
            assertThat(context(item).split("=", -1)).hasSize(4);
        }
    }

    @Test
    void first_shots_are_the_pools_first() throws IOException {
        assertThat(context(items(PAGE + "shots: {rule: first}\n", NEW, 2).items().get(3)))
                .isEqualTo("Add.\n\nt0 = A0\n\nt1 = B1\n\n3 =");
    }

    @Test
    void a_fixed_number_of_shots_stays() throws IOException {
        TaskItems made = items(PAGE + "shots: {number: 1, fixed: true}\n", NEW, 7);
        assertThat(made.shots()).isEqualTo(1);
        assertThat(context(made.items().get(0)).split("=", -1)).hasSize(3);
    }

    @Test
    void shots_from_another_file_are_told_as_such() throws IOException {
        Files.writeString(directory.resolve("other.jsonl"), documents("o", 1));
        TaskItems made =
                task(PAGE)
                        .items(
                                NEW,
                                OptionalInt.of(1),
                                TaskData.in(directory),
                                Optional.of(directory.resolve("other.jsonl")),
                                OptionalInt.of(2));
        assertThat(made.items()).hasSize(2);
        assertThat(made.documents()).isEqualTo(4);
        assertThat(context(made.items().get(1))).isEqualTo("Add.\n\no0 = A0\n\n1 =");
        assertThat(made.incomparable()).hasSize(1).first().asString().contains("other.jsonl");
        assertThat(made.files()).extracting(TaskData.DataFile::name).contains("other.jsonl");
    }

    @Test
    void contexts_differ_before_one_answer() throws IOException {
        String own =
                PAGE.replace("choices: [\"{a}\", \"{b}\"]", "contexts: [\"{q}{a}\", \"{q}{b}\"]")
                        + "shots: {rule: first}\n";
        own = own.replace("description: \"Add.\\n\\n\"", "answer: \"so.\"");
        TaskItem item = items(own, NEW, 2).items().get(0);
        assertThat(item.requests())
                .containsExactly(
                        pair("t0A0 so.\n\nt1B1 so.\n\n0A0", " so."),
                        pair("t0A0 so.\n\nt1B1 so.\n\n0B0", " so."));
    }

    @Test
    void parts_ask_one_after_another() throws IOException {
        String own =
                PAGE.replace("choices: [\"{a}\", \"{b}\"]", "parts:")
                        .replace(
                                "gold: {value: \"{right}\", labels: [first, second]}",
                                """
                                  - {choices: ["{a}"], gold: {value: "0"}}
                                    - {choices: ["{b}", "{q}"], gold: {flags: "{q|constant(\\"1\\")}"}}\
                                """);
        TaskItem item = items(own, NEW, 0).items().get(2);
        assertThat(item.requests()).hasSize(3);
        assertThat(item.target())
                .isEqualTo(
                        new Target.Parts(
                                List.of(
                                        new Target.Choices(List.of("A2"), List.of(0)),
                                        new Target.Choices(List.of("B2", "2"), List.of(0)))));
    }

    @Test
    void a_continuation_counts_twice_for_the_old_harness() throws IOException {
        String own =
                PAGE.replace("choices: [\"{a}\", \"{b}\"]", "answer: \" {a}\"")
                                .replace("gold: {value: \"{right}\", labels: [first, second]}", "")
                        + "kind: continuation\nshots: {rule: first}\n";
        assertThat(items(own, NEW, 1).items().get(0).requests())
                .containsExactly(pair("Add.\n\nt0 =  A0\n\n0 =", " A0"));
        assertThat(RequestHashes.of(NEW, items(own, NEW, 0).items()).requests()).isEqualTo(4);
        assertThat(RequestHashes.of(OLD, items(own, OLD, 0).items()).requests()).isEqualTo(8);
    }

    @Test
    void generations_and_whole_texts_are_asked_for_as_such() throws IOException {
        String own =
                PAGE.replace("choices: [\"{a}\", \"{b}\"]", "answer: \"{a} {b}\"")
                        .replace("gold: {value: \"{right}\", labels: [first, second]}", "");
        TaskItem generation =
                items(
                                own
                                        + "kind: generation\n"
                                        + "generation: {until: [\"\\n"
                                        + "\"], repeats: 2}\n",
                                NEW,
                                0)
                        .items()
                        .get(0);
        assertThat(generation.requests())
                .containsExactly(
                        new Request.Generation("Add.\n\n0 =", List.of("\n"), 256, 0, 1, 2));
        assertThat(generation.target()).isEqualTo(new Target.Text("A0 B0"));
        TaskItem whole = items(own + "kind: rolling\n", NEW, 3).items().get(0);
        assertThat(whole.requests()).containsExactly(new Request.Rolling("A0 B0"));
        assertThat(whole.target()).isEqualTo(new Target.Page(2, 5));
    }

    @Test
    void hashes_are_of_python_json_and_of_texts_joined_by_nul() {
        TaskItem item =
                new TaskItem(
                        0,
                        null,
                        List.of(pair("c", " é"), pair("c", "d")),
                        new Target.Choices(List.of("é", "d"), List.of(0)));
        RequestHashes hashes = RequestHashes.of(NEW, List.of(item));
        assertThat(hashes.sha256NulJoined()).isEqualTo(Hashes.sha256("c\0 é\0c\0d"));
        assertThat(hashes.sha256Json())
                .isEqualTo(Hashes.sha256("[[\"c\", \" \\u00e9\"], [\"c\", \"d\"]]"));
    }

    @Test
    void a_profile_goes_over_the_page() throws IOException {
        Task task = task(PAGE + "profiles: {lm-eval@b281b09: {prompt: {delimiter: \"\"}}}\n");
        assertThat(task.page(NEW).prompt().delimiter()).isEqualTo(" ");
        assertThat(task.page(OLD).prompt().delimiter()).isEmpty();
        assertThat(task.page(OLD).prompt().text()).isEqualTo("{q} =");
        Task only = task(PAGE + "only: lm-eval@0.4.13\n");
        assertThatThrownBy(
                        () ->
                                only.items(
                                        OLD,
                                        OptionalInt.empty(),
                                        TaskData.in(directory),
                                        Optional.empty(),
                                        OptionalInt.empty()))
                .hasMessage("lm-eval@b281b09 has no task sums; its profile is lm-eval@0.4.13");
    }

    @Test
    void a_wrong_answer_key_names_the_document() throws IOException {
        Files.writeString(
                directory.resolve("sums.jsonl"),
                "{\"q\":\"1\",\"a\":\"2\",\"b\":\"3\",\"right\":\"third\"}");
        assertThatThrownBy(() -> items(PAGE, NEW, 0))
                .hasMessage(
                        "sums, document 1: 'third' is none of the choices' labels [first, second]");
    }

    @Test
    void wrong_pages_are_refused_with_their_path() {
        assertWrong(PAGE.replace("metrics", "metric"), "unknown key 'metric'");
        assertWrong(PAGE.replace("{q} =", "{q ="), "page.yaml: the template '{q =' has a '{'");
        assertWrong(PAGE + "include: ark\n", "include: no page 'ark'");
        assertWrong(PAGE + "subjects: [a]\n", "subjects: expected a map of categories");
        assertWrong(PAGE + "profiles: {lm-eval@1: {}}\n", "profiles: no profile 'lm-eval@1'");
        assertWrong(PAGE.replace("[{name: acc}]", "[]"), "metrics: none; expected at least one");
        assertWrong(
                PAGE.replace("value: \"{right}\", labels: [first, second]", "labels: [a]"),
                "expected one of value, flags and sum");
    }

    private void assertWrong(String page, String problem) {
        assertThatThrownBy(() -> task(page))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("page.yaml")
                .hasMessageContaining(problem);
    }

    @Test
    void a_page_with_subjects_makes_a_task_of_each() throws IOException {
        Path file = directory.resolve("page.yaml");
        Files.writeString(
                file,
                PAGE.replace("name: sums", "name: <category>_<subject>")
                                .replace("Add.", "<Subject>, <subject words>.")
                        + "subjects: {x: [one_two, b], y: [c]}\n");
        List<Task> tasks = TaskLibrary.open().add(file);
        assertThat(tasks).extracting(Task::name).containsExactly("x_one_two", "x_b", "y_c");
        assertThat(tasks.get(0).page(NEW).prompt().description())
                .isEqualTo("One_two, one two.\n\n");
    }

    @Test
    void tasks_are_found_by_name_alias_pattern_tag_and_group() throws IOException {
        TaskLibrary library = TaskLibrary.open();
        assertThat(library.find("mmlu", NEW)).hasSize(57);
        assertThat(library.find("mmlu", OLD)).hasSize(57);
        assertThat(library.find("mmlu_stem", NEW)).hasSize(19);
        assertThat(library.find("hendrycksTest-*", OLD)).hasSize(57);
        assertThat(library.find("hendrycksTest-virology", OLD).get(0).name())
                .isEqualTo("mmlu_virology");
        assertThat(library.find("ai2_arc", NEW))
                .extracting(Task::name)
                .containsExactly("arc_easy", "arc_challenge");
        assertThat(library.find("crows_pairs", NEW)).hasSize(11);
        assertThat(library.find("truthfulqa", NEW))
                .extracting(Task::name)
                .containsExactly("truthfulqa_mc1", "truthfulqa_mc2");
        assertThatThrownBy(() -> library.find("helaswag", NEW))
                .hasMessageStartingWith(
                        "no task, group or page is named 'helaswag'; did you mean hellaswag");
        assertThatThrownBy(() -> library.find("nothing*", NEW)).hasMessageContaining("no task");
    }

    @Test
    void the_papers_mmlu_is_a_plain_mean() {
        TaskLibrary library = TaskLibrary.open();
        assertThat(library.groups(NEW).get("mmlu").weighBySize()).isEmpty();
        assertThat(library.groups(OLD).get("mmlu").weighBySize()).contains(false);
    }

    @ParameterizedTest
    @EnumSource(Profile.class)
    void every_task_names_its_origin(Profile profile) {
        assertThat(TaskLibrary.open().tasks())
                .hasSizeGreaterThan(80)
                .allSatisfy(task -> assertThat(task.page(profile).source()).startsWith("https://"));
    }
}
