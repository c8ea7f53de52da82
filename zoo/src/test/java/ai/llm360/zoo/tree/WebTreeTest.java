package ai.llm360.zoo.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.hub.HubException;
import ai.llm360.hub.HubSettings;
import ai.llm360.zoo.testing.FileServer;
import ai.llm360.zoo.testing.TinyModel;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WebTreeTest {

    @TempDir Path temp;
    private Path tree;

    @BeforeEach
    void publish() throws IOException {
        tree = temp.resolve("tree");
        TinyModel.writeTo(temp.resolve("tiny/ckpt-000"));
        RunPublisher.builder().setRun(temp.resolve("tiny")).setTree(tree).build().publish();
    }

    private WebTree at(String address, Map<String, String> environment) throws IOException {
        return new WebTree(URI.create(address), temp.resolve("cache"), HubSettings.of(environment));
    }

    @Test
    void what_came_once_is_there_without_a_connection() throws Exception {
        try (FileServer server = FileServer.of(tree)) {
            WebTree online = at(server.address(), Map.of());
            TreeCheckpoint checkpoint = online.checkpoints("tiny").get(0);
            Path directory = online.directory(checkpoint, null);
            int before = server.asked().size();
            WebTree offline = at(server.address(), Map.of("HF_HUB_OFFLINE", "1"));
            assertThat(offline.checkpoints("tiny")).containsExactly(checkpoint);
            assertThat(offline.directory(checkpoint, null)).isEqualTo(directory);
            assertThat(server.asked()).hasSize(before);
            assertThatThrownBy(() -> offline.checkpoints("other"))
                    .isInstanceOf(HubException.class)
                    .hasMessageContaining("HF_HUB_OFFLINE");
        }
    }

    @Test
    void the_hubs_token_is_not_shown_to_others() throws Exception {
        try (FileServer server = FileServer.of(tree)) {
            WebTree online = at(server.address(), Map.of("HF_TOKEN", "hf_a1b2c3d4"));
            online.directory(online.checkpoints("tiny").get(0), null);
            assertThat(server.asked()).isNotEmpty();
            assertThat(server.authorizations()).isEmpty();
        }
    }
}
