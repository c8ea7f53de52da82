package ai.llm360.common.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.tokenizer.TokenizerTraining;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentFilesTest {

    @TempDir Path temp;

    @BeforeEach
    void write() throws IOException {
        Files.writeString(temp.resolve("a.txt"), "first\nsecond");
        Files.writeString(temp.resolve("b.jsonl"), "{\"text\": \"third\"}\n{\"text\": \" \"}\n");
        try (OutputStream out =
                new GZIPOutputStream(Files.newOutputStream(temp.resolve("c.txt.gz")))) {
            out.write("fourth".getBytes(StandardCharsets.UTF_8));
        }
        try (ZipOutputStream zip =
                new ZipOutputStream(Files.newOutputStream(temp.resolve("d.zip")))) {
            zip.putNextEntry(new ZipEntry("e.txt"));
            zip.write("fifth".getBytes(StandardCharsets.UTF_8));
            zip.putNextEntry(new ZipEntry("f.md"));
            zip.write("sixth".getBytes(StandardCharsets.UTF_8));
        }
    }

    private static List<String> read(DocumentFiles files) throws IOException {
        List<String> texts = new ArrayList<>();
        long[] read = new long[1];
        files.read(
                new TokenizerTraining.Sink() {
                    @Override
                    public void accept(String text) {
                        texts.add(text);
                    }

                    @Override
                    public void advance(long amount) {
                        read[0] += amount;
                    }
                });
        assertThat(read[0]).isEqualTo(files.size());
        return texts;
    }

    private DocumentFiles.Builder files(String... paths) {
        return DocumentFiles.builder()
                .setPaths(List.of(paths).stream().map(path -> temp + path).toList());
    }

    @Test
    void each_file_of_a_directory_is_read_as_its_name_says() throws IOException {
        assertThat(read(files("").build()))
                .containsExactly("first\nsecond", "third", "fourth", "fifth", "sixth");
        assertThat(read(files("/*.gz", "/a.txt").build()))
                .containsExactly("fourth", "first\nsecond");
    }

    @Test
    void files_and_entries_are_chosen_and_texts_divided() throws IOException {
        assertThat(
                        read(
                                files("")
                                        .optInclude(List.of("*.txt", "*.zip"))
                                        .optExclude(List.of("f.*"))
                                        .optSplit(DataRecipe.Split.LINES)
                                        .build()))
                .containsExactly("first", "second", "fifth");
        Files.writeString(temp.resolve("b.jsonl"), "{\"content\": \"third\"}");
        assertThat(read(files("/b.jsonl").optField("content").build())).containsExactly("third");
    }

    @Test
    void what_is_absent_or_no_text_is_named() throws IOException {
        assertThatThrownBy(() -> files("/absent").build())
                .isInstanceOf(DataException.class)
                .hasMessageContaining("absent: no such file");
        assertThatThrownBy(() -> DocumentFiles.builder().build())
                .isInstanceOf(IllegalArgumentException.class);
        Files.write(temp.resolve("a.txt"), new byte[] {'a', (byte) 0xFF});
        DocumentFiles files = files("").build();
        assertThatThrownBy(() -> read(files))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("a.txt: not UTF-8 text");
    }
}
