package ai.llm360.zoo.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.zoo.source.DirectoryTree;
import ai.llm360.zoo.source.TreeCheckpoint;
import ai.llm360.zoo.source.TreeException;
import ai.llm360.zoo.testing.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that publishes is killed in the middle. */
class PublishKilledTest {

    @TempDir Path temp;
    private Path tree;
    private Path first;
    private Path second;

    @BeforeEach
    void make() throws IOException {
        tree = temp.resolve("tree");
        first = temp.resolve("first");
        second = temp.resolve("second");
        for (Path series : List.of(first, second)) {
            TinyModel.writeTo(series.resolve("ckpt-000"));
            TinyModel.withoutTokenizer(series.resolve("ckpt-001"));
        }
    }

    private void publish(Path series) throws IOException {
        RunPublisher.builder().setRun(series).setTree(tree).build().publish();
    }

    private void assertLoads(String model) throws IOException {
        DirectoryTree there = new DirectoryTree(tree);
        assertThat(there.checkpoints(model)).hasSize(2);
        for (TreeCheckpoint checkpoint : there.checkpoints(model)) {
            there.directory(checkpoint, null);
        }
    }

    private List<String> hidden() throws IOException {
        try (Stream<Path> all = Files.walk(tree)) {
            return all.map(path -> path.getFileName().toString())
                    .filter(name -> name.contains(".tmp-"))
                    .toList();
        }
    }

    @Test
    void there_is_no_tree_before_it_is_whole() throws Exception {
        PublishProcess.killedAt("writing ckpt-001", first, tree);
        assertThat(tree).doesNotExist();
        publish(first);
        assertLoads("first");
    }

    @Test
    void a_tree_goes_on_as_it_was_and_the_next_one_cleans_up() throws Exception {
        publish(first);
        PublishProcess.killedAt("writing ckpt-001", second, tree);
        assertLoads("first");
        assertThatThrownBy(() -> assertLoads("second"))
                .isInstanceOf(TreeException.class)
                .hasMessageContaining("has no model 'second'");
        assertThat(hidden()).isNotEmpty();
        publish(second);
        assertLoads("first");
        assertLoads("second");
        assertThat(hidden()).isEmpty();
    }
}
