package ai.llm360.analysis.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.io.internal.Hashes;
import com.google.gson.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TaskDataTest {

    @TempDir Path directory;

    private final TaskLibrary library = TaskLibrary.open();

    private void write(String file, String text) throws IOException {
        Path path = directory.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    private TaskPage page(String task) throws IOException {
        return library.find(task, Profile.LM_EVAL_0_4_13).get(0).page(Profile.LM_EVAL_0_4_13);
    }

    private TaskData.Loaded load(String task) throws IOException {
        TaskPage page = page(task);
        return TaskData.in(directory).split(page, page.split());
    }

    private String first(String task) throws IOException {
        return load(task).documents().get(0).toString();
    }

    @Test
    void ai2s_questions_get_the_fields_that_the_harness_knows() throws IOException {
        write(
                "a/ARC-Easy-Test.jsonl",
                "{\"id\":\"x\",\"question\":{\"stem\":\"Why?\",\"choices\":[{\"text\":\"So\",\"label\":\"1\"},{\"text\":\"4\",\"label\":\"2\"}]},\"answerKey\":\"2\"}\n\n");
        assertThat(first("arc_easy"))
                .isEqualTo(
                        "{\"id\":\"x\",\"question\":\"Why?\",\"choices\":{\"text\":[\"So\",\"4\"],"
                                + "\"label\":[\"1\",\"2\"]},\"answerKey\":\"2\"}");
        TaskData.DataFile file = load("arc_easy").files().get(0);
        assertThat(file.name()).isEqualTo("a/ARC-Easy-Test.jsonl");
        assertThat(file.sha256())
                .isEqualTo(Hashes.sha256(directory.resolve("a/ARC-Easy-Test.jsonl")));
    }

    @Test
    void labels_of_a_second_file_become_a_field() throws IOException {
        write("piqa/valid.jsonl", "{\"goal\":\"g\",\"sol1\":\"a \",\"sol2\":\"b\"}\n");
        write("piqa/valid-labels.lst", "1\n");
        assertThat(first("piqa"))
                .isEqualTo("{\"goal\":\"g\",\"sol1\":\"a \",\"sol2\":\"b\",\"label\":1}");
        assertThat(load("piqa").files()).hasSize(2);
        write("piqa/valid-labels.lst", "1\n0\n");
        assertThatThrownBy(() -> load("piqa")).hasMessageContaining("2 labels for 1 documents");
        Files.delete(directory.resolve("piqa/valid-labels.lst"));
        assertThatThrownBy(() -> load("piqa"))
                .hasMessageContaining("no file of labels beside it; expected valid-labels.lst");
    }

    @Test
    void tables_are_read_from_folders_and_archives_with_and_without_headers() throws IOException {
        String rows = "\"What,\n\"\"is\"\" it?\",1,two,3,4,C\r\nNext?,a,b,c,d,0\n";
        write("data/test/anatomy_test.csv", rows);
        assertThat(load("mmlu_anatomy").documents())
                .extracting(JsonObject::toString)
                .containsExactly(
                        "{\"question\":\"What,\\n"
                                + "\\\"is\\\" it?\",\"choices\":[\"1\",\"two\",\"3\",\"4\"],"
                                + "\"answer\":\"2\"}",
                        "{\"question\":\"Next?\",\"choices\":[\"a\",\"b\",\"c\",\"d\"],\"answer\":\"0\"}");
        Files.delete(directory.resolve("data/test/anatomy_test.csv"));

        ByteArrayOutputStream tar = new ByteArrayOutputStream();
        try (TarArchiveOutputStream out = new TarArchiveOutputStream(new GZIPOutputStream(tar))) {
            byte[] bytes = ("question,w,x,y,z,answer\n" + rows).getBytes(StandardCharsets.UTF_8);
            TarArchiveEntry entry = new TarArchiveEntry("mmlu/test/anatomy_test.csv");
            entry.setSize(bytes.length);
            out.putArchiveEntry(entry);
            out.write(bytes);
            out.closeArchiveEntry();
        }
        Files.write(directory.resolve("mmlu.tar.gz"), tar.toByteArray());
        assertThat(load("mmlu_anatomy").documents()).hasSize(2);
        assertThat(load("mmlu_anatomy").files().get(0).name())
                .isEqualTo("mmlu.tar.gz!mmlu/test/anatomy_test.csv");
        Files.write(directory.resolve("mmlu.tar.gz"), gzip("no archive at all"));
        assertThatThrownBy(() -> load("mmlu_anatomy"))
                .hasMessageContaining("no tar archive with tables");
    }

    @Test
    void truthfulqas_choices_are_keys_and_its_labels_values() throws IOException {
        write(
                "mc_task.json",
                "[{\"question\":\"q\",\"mc1_targets\":{\"yes\":1,\"no\":0},\"mc2_targets\":{\"a\":1}}]");
        assertThat(first("truthfulqa_mc1"))
                .isEqualTo(
                        "{\"question\":\"q\",\"mc1_targets\":{\"choices\":[\"yes\",\"no\"],\"labels\":[1,0]},"
                            + "\"mc2_targets\":{\"choices\":[\"a\"],\"labels\":[1]}}");
    }

    @Test
    void wikitext_is_cut_at_headings_of_the_first_level() throws IOException {
        write("wiki.test.raw", " \n = One = \n text \n = = Part = = \n x \n = Two = \n y \n");
        assertThat(load("wikitext").documents())
                .extracting(document -> document.get("page").getAsString())
                .containsExactly(" = One = \n text \n = = Part = = \n x ", " = Two = \n y \n");
    }

    @Test
    void packed_lines_make_documents_of_six() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new BZip2CompressorOutputStream(bytes)) {
            out.write("Act: a man. he\n2\nA\nB\nC\nD\n".getBytes(StandardCharsets.UTF_8));
        }
        Files.write(directory.resolve("hellaswag_val_full.txt.bz2"), bytes.toByteArray());
        assertThat(first("hellaswag"))
                .isEqualTo(
                        "{\"activity_label\":\"Act\",\"ctx_a\":\"a man. he\",\"ctx_b\":\"\","
                                + "\"endings\":[\"A\",\"B\",\"C\",\"D\"],\"label\":\"2\"}");
    }

    @Test
    void a_split_takes_the_documents_of_its_range() throws IOException {
        write(
                "mbpp.jsonl",
                "{\"task_id\":10}\n{\"task_id\":11}\n{\"task_id\":510}\n{\"task_id\":511}\n");
        assertThat(load("mbpp").documents()).hasSize(2);
    }

    @Test
    void copies_with_other_contents_say_so_and_public_files_come_first() throws IOException {
        String copy =
                "{\"query\":\"Question: Why?\",\"choices\":[\"a\",\"b\",\"c\",\"d\"],\"gold\":3}\n";
        write("arc_easy.jsonl", copy);
        TaskData data = TaskData.in(directory);
        TaskItems items =
                library.find("arc_easy", Profile.LM_EVAL_0_4_13)
                        .get(0)
                        .items(
                                Profile.LM_EVAL_0_4_13,
                                OptionalInt.empty(),
                                data,
                                Optional.empty(),
                                OptionalInt.empty());
        assertThat(items.incomparable()).hasSize(1).first().asString().contains("MosaicML");
        assertThat(items.items().get(0).target())
                .isEqualTo(new Target.Choices(List.of("a", "b", "c", "d"), List.of(3)));
        write(
                "deeper/ARC-Easy-Test.jsonl",
                "{\"id\":\"x\",\"question\":{\"stem\":\"?\",\"choices\":[]},\"answerKey\":\"A\"}");
        assertThat(load("arc_easy").form().incomparable()).isEmpty();
    }

    @Test
    void what_is_not_there_is_named_with_its_origin() throws IOException {
        assertThatThrownBy(() -> load("hellaswag"))
                .isInstanceOf(DocumentException.class)
                .hasMessageContaining(
                        "no file for the split 'validation' of hellaswag; expected"
                                + " hellaswag_val.jsonl or hellaswag_val_full.txt")
                .hasMessageContaining(
                        "the public files are at https://github.com/rowanz/hellaswag");
        assertThatThrownBy(() -> TaskData.in(directory.resolve("none")))
                .isInstanceOf(NotDirectoryException.class);
    }

    @Test
    void damaged_lines_are_named() throws IOException {
        assertDamaged("{\"text\": \"a\"}\n[1]", ":2: expected one JSON object a line");
        assertDamaged("{\"text\": \"a\"}\n{\"text", ":2: not JSON");
        assertDamaged("{\"text\": \"a\"} {}", ":1: not JSON");
        assertDamaged(" \n", ": no documents");
    }

    private void assertDamaged(String text, String problem) throws IOException {
        write("lambada_test.jsonl", text);
        assertThatThrownBy(() -> load("lambada_openai"))
                .hasMessageContaining("lambada_test.jsonl" + problem);
    }

    @Test
    void hostile_files_are_refused() throws IOException {
        write("lambada_test.jsonl", "[".repeat(100_000));
        assertThatThrownBy(() -> load("lambada_openai")).hasMessageContaining(":1: not JSON");
        Files.write(
                directory.resolve("lambada_test.jsonl"),
                new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'});
        assertThatThrownBy(() -> load("lambada_openai")).hasMessageContaining("not UTF-8");
        Files.delete(directory.resolve("lambada_test.jsonl"));
        byte[] bomb = gzip("x".repeat((1 << 24) + 1));
        Files.write(directory.resolve("lambada_test.jsonl.gz"), bomb);
        assertThatThrownBy(() -> load("lambada_openai"))
                .hasMessageContaining("lambada_test.jsonl.gz:1: longer than 16777216 characters");
        Files.write(directory.resolve("lambada_test.jsonl.gz"), List.of("plain"));
        assertThatThrownBy(() -> load("lambada_openai"))
                .hasMessageContaining("not what its name says");
        Files.delete(directory.resolve("lambada_test.jsonl.gz"));
        write("toxigen_annotated_test.csv", "text,toxicity_ai\n\"a\",1\n\"never ends");
        assertThatThrownBy(() -> load("toxigen"))
                .hasMessageContaining("csv:3: a quote that begins here has no end");
        write("toxigen_annotated_test.csv", "text,toxicity_ai\na,1,2\n");
        assertThatThrownBy(() -> load("toxigen"))
                .hasMessageContaining("csv:2: 3 values; expected 2: text, toxicity_ai");
        write("mc_task.json", "[{\"question\": \"q\"}, 5]");
        assertThatThrownBy(() -> load("truthfulqa_mc1"))
                .hasMessageContaining("record 2 is no object");
        write("wiki.test.raw", "\n");
        assertThatThrownBy(() -> load("wikitext")).hasMessageContaining("no documents");
    }

    @Test
    void a_document_without_a_field_is_named() throws IOException {
        write(
                "ARC-Easy-Test.jsonl",
                "{\"id\":\"x\",\"question\":{\"choices\":[]},\"answerKey\":\"A\"}");
        assertThatThrownBy(() -> load("arc_easy"))
                .hasMessageContaining(
                        "ARC-Easy-Test.jsonl: document 1: the document has no 'question.stem'");
    }
}
