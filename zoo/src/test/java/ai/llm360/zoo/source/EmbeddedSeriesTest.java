package ai.llm360.zoo.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.torch.Machine;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedSeriesTest {

    private static final Machine MACHINE = new Machine("a processor", 2, "2.7.1", null, null);

    @TempDir Path temp;
    private Path jar;
    private Zoo zoo;

    @BeforeEach
    void make() throws IOException {
        Path trained = TinyAmber.of(TinyAmber.sizes()).writeTo(temp.resolve("trained"));
        jar = temp.resolve("jar");
        SeriesWriter writer = new SeriesWriter("nano", MACHINE, jar);
        for (int i = 0; i < 3; i++) {
            String name = "ckpt-%03d".formatted(i);
            writer.add(trained, name, 10L * i, 640L * i, 4 - i, Map.of("prose", 4.5 - i));
        }
        writer.write();
        zoo = Zoo.builder().optHome(temp.resolve("home")).optEmbedded(List.of(embedded())).build();
    }

    private EmbeddedSeries embedded() {
        return new EmbeddedSeries(
                "nano",
                file -> {
                    Path path = jar.resolve(file);
                    return Files.exists(path) ? Files.newInputStream(path) : null;
                });
    }

    private Path find(String checkpoint) throws ModelNotFoundException, IOException {
        return zoo.checkpoint("nano@" + checkpoint).path();
    }

    private List<String> filesInHome() throws IOException {
        try (Stream<Path> files = Files.walk(temp.resolve("home"))) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getParent().getFileName() + "/" + file.getFileName())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void only_the_checkpoint_asked_for_is_copied_and_it_is_whole() throws Exception {
        Path directory = find("ckpt-001");
        assertThat(filesInHome())
                .containsExactly("ckpt-001/config.json", "ckpt-001/model.safetensors");
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            assertThat(checkpoint.get("lm_head.weight").type()).isEqualTo(TensorType.BF16);
        }
    }

    @Test
    void the_latest_is_the_last_of_the_series() throws Exception {
        assertThat(find("latest")).hasFileName("ckpt-002");
        assertThat(find("1")).hasFileName("ckpt-001");
        assertThat(zoo.series("nano"))
                .extracting(CheckpointEntry::name)
                .containsExactly("ckpt-000", "ckpt-001", "ckpt-002");
    }

    @Test
    void a_copy_is_made_once() throws Exception {
        Path config = find("latest").resolve("config.json");
        Object first = Files.getLastModifiedTime(config);
        assertThat(find("latest").resolve("config.json")).isEqualTo(config);
        assertThat(Files.getLastModifiedTime(config)).isEqualTo(first);
    }

    @Test
    void several_at_once_leave_one_whole_copy() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            Callable<Path> find = () -> find("latest");
            for (var found : threads.invokeAll(Collections.nCopies(8, find))) {
                assertThat(found.get()).isDirectoryContaining("glob:**/model.safetensors");
            }
        } finally {
            threads.shutdown();
        }
        assertThat(filesInHome()).hasSize(2);
    }

    @Test
    void another_version_of_the_series_is_another_copy() throws Exception {
        Path older = find("latest");
        Path file = jar.resolve(SeriesFile.FILE_NAME);
        Files.writeString(file, Files.readString(file).replace("a processor", "another"));
        assertThat(find("latest")).isNotEqualTo(older).hasFileName("ckpt-002");
        assertThat(older).exists();
    }

    @Test
    void what_users_put_into_their_home_comes_first() throws Exception {
        Path own = Files.createDirectories(temp.resolve("home/nano/ckpt_001"));
        assertThat(find("ckpt-001")).isEqualTo(own);
        assertThat(zoo.series("nano"))
                .extracting(CheckpointEntry::name)
                .containsExactly("ckpt-000", "ckpt_001", "ckpt-002");
    }

    @Test
    void an_unknown_checkpoint_is_answered_with_the_series() {
        assertThatThrownBy(() -> find("ckpt-003"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("ckpt-000, ckpt-001, ckpt-002");
    }

    @Test
    void a_jar_that_lacks_a_file_leaves_nothing_behind() throws Exception {
        Files.delete(jar.resolve("ckpt-001/model.safetensors"));
        assertThatThrownBy(() -> find("ckpt-001"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("embedded/nano/ckpt-001/model.safetensors");
        assertThat(filesInHome()).isEmpty();
    }

    @Test
    void what_is_known_of_each_checkpoint_is_read_back_as_it_was_written() throws Exception {
        SeriesFile series = embedded().series();
        assertThat(series.madeOn()).isEqualTo(MACHINE);
        assertThat(series.names()).containsExactly("ckpt-000", "ckpt-001", "ckpt-002");
        SeriesCheckpoint second = series.checkpoint("ckpt-001");
        assertThat(second.tokens()).isEqualTo(640);
        assertThat(second.validationLoss()).containsExactly(Map.entry("prose", 3.5));
        assertThat(second.tensors()).containsKey("model.embed_tokens.weight");
        assertThatThrownBy(() -> series.checkpoint("ckpt-9"))
                .hasMessageContaining("[ckpt-000, ckpt-001, ckpt-002]");
    }

    @Test
    void a_series_of_another_version_or_none_is_refused() {
        for (String json : List.of("", "[]", "{\"format_version\":2}", "{\"format_version\":1}")) {
            assertThatThrownBy(() -> SeriesFile.parse(json, "nano/series.json"))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("nano/series.json: no series: ");
        }
    }
}
