package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.hub.HubCache;
import ai.llm360.zoo.testing.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a reference may take away; how contents go from the Hub's cache has a test there. */
class RemovalTest {

    @TempDir Path temp;
    private Home home;
    private HubCache cache;

    @BeforeEach
    void open() {
        home = Home.at(temp.resolve("home"));
        cache = new HubCache(temp.resolve("hub"));
    }

    @AfterEach
    void close() {
        home.close();
    }

    private Path pulled(String repository, String branch, String commit) throws IOException {
        Path directory = temp.resolve("hub/models--" + repository.replace("/", "--"));
        Path snapshot = directory.resolve("snapshots").resolve(commit.repeat(40));
        Files.createDirectories(snapshot);
        Files.createDirectories(directory.resolve("refs"));
        Files.writeString(directory.resolve("refs").resolve(branch), commit.repeat(40));
        Path blob = directory.resolve("blobs").resolve(commit.repeat(64));
        Files.createDirectories(blob.getParent());
        Files.writeString(blob, "12345");
        Files.createSymbolicLink(
                snapshot.resolve("weights"), Path.of("../../blobs", commit.repeat(64)));
        return snapshot;
    }

    private Path own(String name) throws IOException {
        Path directory = Files.createDirectories(temp.resolve("home/amber").resolve(name));
        Files.writeString(directory.resolve("model.safetensors"), "123");
        return directory;
    }

    private Removal removal(String... references) throws ModelNotFoundException, IOException {
        return Removal.of(cache, List.of(references));
    }

    @Test
    void a_name_takes_the_snapshot_and_the_homes_directory() throws Exception {
        Path snapshot = pulled("LLM360/Amber", "ckpt_200", "a");
        Path other = pulled("LLM360/Amber", "ckpt_201", "b");
        Path directory = own("ckpt_200");
        Removal removal = removal("amber@200");
        assertThat(removal.directories()).containsExactly(directory);
        assertThat(removal.cached()).hasSize(1);
        assertThat(removal.bytes()).isEqualTo(8);
        assertThat(removal.run()).isEqualTo(8);
        assertThat(snapshot).doesNotExist();
        assertThat(directory).doesNotExist();
        assertThat(other.resolve("weights")).hasContent("12345");
    }

    @Test
    void of_a_range_goes_what_is_here() throws Exception {
        pulled("LLM360/Amber", "ckpt_200", "a");
        Path directory = own("ckpt-210");
        Removal removal = removal("amber@190..220:10");
        assertThat(removal.cached().get(0).refs()).containsExactly("ckpt_200");
        assertThat(removal.directories()).containsExactly(directory);
        assertThatThrownBy(() -> removal("amber@0..9"))
                .hasMessageContaining("LLM360/Amber@ckpt_009 is not in the cache");
    }

    @Test
    void what_a_training_saved_stays() throws Exception {
        Path state = own("ckpt-200");
        Files.writeString(state.resolve("manifest.json"), "{}");
        assertThatThrownBy(() -> removal("amber@200"))
                .hasMessageContaining(state + " is what a training saved");
        Path linked = temp.resolve("home/amber/ckpt-201");
        Files.createSymbolicLink(linked, Files.createDirectory(temp.resolve("elsewhere")));
        assertThatThrownBy(() -> removal("amber@201")).hasMessageContaining(linked + " is a link");
    }

    @Test
    void paths_and_whole_models_and_what_cannot_be_pulled_again_are_refused() throws Exception {
        Path run = Files.createDirectories(temp.resolve("home/my-run/ckpt-000"));
        for (String path : List.of(run.toString(), "./ckpt-000", "~/x", "file:/x")) {
            assertThatThrownBy(() -> removal(path)).hasMessageContaining("' is a path: only");
        }
        for (String model : List.of("amber", "LLM360/Amber")) {
            assertThatThrownBy(() -> removal(model)).hasMessageContaining("names no checkpoint");
        }
        for (String name : List.of("my-run@ckpt-000", "amber-nano@ckpt-000")) {
            assertThatThrownBy(() -> removal(name)).isInstanceOf(ModelNotFoundException.class);
        }
        assertThat(run).exists();
    }

    @Test
    void other_makers_repositories_are_pruned_when_named() throws Exception {
        Path ours = pulled("LLM360/Amber", "main", "a");
        Path theirs = pulled("other/model", "main", "b");
        Files.delete(ours.resolve("weights"));
        Files.delete(theirs.resolve("weights"));
        assertThat(Removal.ofUnused(cache, List.of()).run()).isEqualTo(5);
        assertThat(Removal.ofUnused(cache, List.of()).isEmpty()).isTrue();
        assertThat(Removal.ofUnused(cache, List.of("other/model")).run()).isEqualTo(5);
    }
}
