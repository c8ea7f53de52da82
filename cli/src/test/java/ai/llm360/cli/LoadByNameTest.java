package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.zoo.testing.Home;
import ai.llm360.zoo.testing.HubEnvironment;
import ai.llm360.zoo.testing.PublishedHub;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Verbs that load a published checkpoint which isn't on this machine. */
class LoadByNameTest {

    @TempDir Path temp;
    private final CommandRun command = new CommandRun();
    private PublishedHub hub;
    private Home home;
    private HubEnvironment environment;

    @BeforeEach
    void open() throws IOException {
        hub = PublishedHub.in(temp.resolve("made")).withAmber(List.of("ckpt_200"));
        home = Home.at(temp.resolve("home"));
        environment = HubEnvironment.of(hub.server().endpoint(), temp.resolve("hf"));
    }

    @AfterEach
    void close() {
        environment.close();
        home.close();
        hub.server().close();
    }

    @Test
    void generate_downloads_says_so_and_does_it_once() {
        String[] args = {"generate", "amber@200", "once upon", "--max-new-tokens=2", "--json"};
        assertThat(command.run(args)).isZero();
        assertThat(command.err())
                .startsWith("amber@ckpt-200: downloading LLM360/Amber@ckpt_200, ")
                .endsWith(", into " + temp.resolve("hf/hub") + "\n");
        String made = command.out();
        assertThat(command.run(args)).isZero();
        assertThat(command.err()).isEmpty();
        assertThat(command.out()).isEqualTo(made);
    }

    @Test
    void a_person_sees_a_bar() {
        assertThat(command.onTerminal().run("score", "amber", "--text", "once")).isZero();
        assertThat(command.err())
                .startsWith("amber@ckpt-359: downloading LLM360/Amber@main, ")
                .contains("\rDownloading [====", "100%");
        assertThat(command.out()).contains("perplexity");
    }

    @Test
    void without_connections_it_is_one_line() {
        environment.with("HF_HUB_OFFLINE", "1");
        command.assertFails(
                1,
                new String[] {"score", "amber@200", "--text", "once"},
                "HF_HUB_OFFLINE or ai.djl.offline is set",
                "amber@ckpt-200 is not on this machine");
    }

    @Test
    void describing_a_checkpoint_keeps_nothing() {
        assertThat(command.run("info", "amber@200")).isZero();
        assertThat(command.out()).contains("tensors            21, ", "transferred  ");
        assertThat(temp.resolve("hf/hub/models--LLM360--Amber/blobs")).doesNotExist();
        environment.with("HF_HUB_OFFLINE", "1");
        command.assertFails(
                1, new String[] {"info", "amber@200"}, "IFM/Amber@ckpt_200: not asked for");
    }

    @Test
    void a_refreshed_list_is_the_hubs_with_its_date() throws IOException {
        hub.withCrystalCoder();
        assertThat(command.run("list", "crystalcoder", "--refresh")).isZero();
        assertThat(command.out().lines())
                .hasSize(1 + 143 + 1)
                .allMatch(line -> !line.contains("mdl_phase"))
                .last()
                .asString()
                .matches("branches as the Hub had them at 20\\d\\d-.*Z");
        int asked = hub.server().requests().size();
        JsonObject listed = command.json("list", "crystalcoder@phase1-1500", "--json");
        assertThat(listed.get("published").getAsInt()).isEqualTo(143);
        assertThat(listed.get("asked").getAsString()).startsWith("20");
        assertThat(hub.server().requests()).hasSize(asked);
    }
}
