package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.repository.zoo.ModelNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReferenceTest {

    @ParameterizedTest
    @CsvSource({
        "amber, amber, latest",
        "amber@ckpt-200, amber, ckpt-200",
        "amber@7, amber, 7",
        "amber@latest, amber, latest",
        "crystal_coder.v2@phase1_ckpt_003, crystal_coder.v2, phase1_ckpt_003"
    })
    void a_name_and_a_checkpoint(String text, String model, String checkpoint)
            throws ModelNotFoundException {
        assertThat(Reference.parse(text)).isEqualTo(new Reference.Named(model, checkpoint));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/a/b", "./a", "../a", ".", "..", "/a@b", "./a@b", "./a, b", "/a%20b", "/é"})
    void a_path_is_taken_as_it_stands(String text) throws ModelNotFoundException {
        assertThat(Reference.parse(text)).isEqualTo(new Reference.AtPath(Path.of(text)));
    }

    @Test
    void home_and_file_urls_are_paths() throws ModelNotFoundException {
        Path home = Path.of(System.getProperty("user.home"));
        assertThat(Reference.parse("~/a/b")).isEqualTo(new Reference.AtPath(home.resolve("a/b")));
        assertThat(Reference.parse("~")).isEqualTo(new Reference.AtPath(home));
        assertThat(Reference.parse("file:///a%20b"))
                .isEqualTo(new Reference.AtPath(Path.of("/a b")));
        assertThat(Reference.parse("file:a b")).isEqualTo(new Reference.AtPath(Path.of("a b")));
    }

    @Test
    void an_existing_relative_path_needs_no_dot(@TempDir Path temp)
            throws ModelNotFoundException, IOException {
        Path here = Path.of("").toAbsolutePath();
        Path directory = Files.createDirectories(temp.resolve("models/amber"));
        String relative = here.relativize(directory).toString(); // starts with ../
        assertThat(Reference.resolve(relative)).isEqualTo(directory);
        assertThat(Reference.parse("src/test"))
                .isEqualTo(new Reference.AtPath(Path.of("src/test")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "@",
                "amber@",
                "@ckpt-1",
                "amber@a@b",
                "amber ckpt",
                "no/such/folder",
                "amber@../x",
                "a\u0000b",
                "-x",
                "_"
            })
    void anything_else_is_refused_with_both_ways_to_write_one(String text) {
        assertThatThrownBy(() -> Reference.parse(text))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("amber@ckpt-200")
                .hasMessageContaining("./");
    }

    @Test
    void a_named_reference_prints_as_it_is_written() throws ModelNotFoundException {
        assertThat(Reference.parse("amber@ckpt-200")).hasToString("amber@ckpt-200");
    }

    @Test
    void a_missing_directory_is_named_with_its_neighbours(@TempDir Path temp) throws IOException {
        Files.createDirectories(temp.resolve("ckpt-100"));
        Files.createDirectories(temp.resolve("ckpt-200"));
        assertThatThrownBy(() -> Reference.resolve(temp.resolve("ckpt-300").toString()))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining(temp.resolve("ckpt-300").toString())
                .hasMessageContaining("ckpt-100, ckpt-200");
    }
}
