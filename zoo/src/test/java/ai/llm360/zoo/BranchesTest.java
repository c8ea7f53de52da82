package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.hub.HubException;
import ai.llm360.hub.HubServer;
import ai.llm360.hub.ServedFile;
import ai.llm360.zoo.PublishedCheckpoint.Evidence;
import ai.llm360.zoo.testing.Home;
import ai.llm360.zoo.testing.HubEnvironment;
import ai.llm360.zoo.testing.PublishedHub;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the Hub says of its branches, asked when a request needs it, and kept. */
class BranchesTest {

    private static final String KEPT =
            """
            {"format_version":1,"repository":"LLM360/Amber","asked":"2026-11-22T19:30:00Z","branches":["main","ckpt_358"]}
            """;

    @TempDir Path temp;
    private Home home;
    private HubServer server;
    private HubEnvironment environment;

    @BeforeEach
    void open() throws IOException {
        home = Home.at(temp.resolve("home"));
        server = HubServer.start();
        environment = HubEnvironment.of(server.endpoint(), temp.resolve("hf"));
    }

    @AfterEach
    void close() {
        environment.close();
        server.close();
        home.close();
    }

    private void serve(String repository, List<String> branches) {
        List<ServedFile> files = List.of(ServedFile.text("config.json", "{}"));
        server.branch(repository, "main", files);
        branches.forEach(branch -> server.branch(repository, branch, files));
    }

    private void serveCrystalCoder() {
        List<String> branches = new ArrayList<>(PublishedHub.crystalCoderBranches());
        branches.add("mdl_phase1_step_1500");
        serve(PublishedHub.CRYSTALCODER, branches);
    }

    private static Catalogue catalogue(String repository, String... branches) {
        return Catalogue.of(List.of(new BranchList(repository, Instant.EPOCH, List.of(branches))));
    }

    @Test
    void the_hubs_word_makes_crystalcoders_list_whole_and_sure() throws Exception {
        serveCrystalCoder();
        Catalogue asked = Catalogue.refresh("crystalcoder");
        assertThat(asked.checkpoints("crystalcoder"))
                .hasSize(143)
                .allMatch(checkpoint -> checkpoint.evidence() == Evidence.OBSERVED)
                .extracting(checkpoint -> checkpoint.tokens().orElseThrow())
                .isSorted();
        assertThat(asked.published("crystalcoder")).isEqualTo(143);
        assertThat(asked.select("crystalcoder@phase1-1500..phase1-4500").checkpoints())
                .extracting(PublishedCheckpoint::name)
                .containsExactly("phase1-001500", "phase1-003000", "phase1-004500");
        assertThat(asked.find("crystalcoder@13B-tokens").name()).isEqualTo("phase1-003000");
        assertThatThrownBy(() -> asked.find("crystalcoder@phase1-3001"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("the nearest is phase1-003000 (by the Hub's branches of ")
                .hasMessageContaining("llm360 list crystalcoder --refresh asks anew");
    }

    @Test
    void the_answer_is_kept_and_asked_for_once() throws Exception {
        serveCrystalCoder();
        assertThat(Catalogue.current().asked("crystalcoder")).isEmpty();
        Catalogue decided = Catalogue.deciding("crystalcoder@13B-tokens");
        assertThat(decided.asked("crystalcoder")).isPresent();
        assertThat(Catalogue.current().asked("crystalcoder"))
                .isEqualTo(decided.asked("crystalcoder"));
        Catalogue.deciding("crystalcoder@14B-tokens");
        assertThat(server.requests())
                .extracting(HubServer.Request::path)
                .containsExactly(
                        "/api/models/IFM/Crystal/refs",
                        "/api/models/LLM360/Crystal/refs",
                        "/api/models/LLM360/CrystalCoder/refs");
    }

    @Test
    void what_the_rules_decide_is_not_asked_for() throws Exception {
        for (String decided :
                List.of(
                        "amber@200",
                        "amber@0..358:2",
                        "amber@1T-tokens",
                        "amber",
                        "amber@359",
                        "amberchat",
                        "crystalcoder",
                        "crystalcoder@phase1-55500",
                        "amber-nano@1",
                        "./amber")) {
            Catalogue.deciding(decided);
            assertThat(server.requests()).as(decided).isEmpty();
        }
    }

    @Test
    void what_the_rules_leave_open_is_asked_for() throws Exception {
        serve("IFM/Crystal", PublishedHub.crystalCoderBranches());
        for (String open : List.of("@1T-tokens", "@phase1-3000", "@phase1-1500..latest")) {
            server.requests().clear();
            Files.deleteIfExists(temp.resolve("home/.branches/IFM--Crystal.json"));
            Catalogue.deciding("crystalcoder" + open);
            assertThat(server.requests()).as(open).hasSize(1);
        }
    }

    @Test
    void ambers_last_is_its_branch_where_the_hub_has_one() throws Exception {
        Catalogue without = catalogue(PublishedHub.AMBER, "main", "ckpt_000", "ckpt_358");
        assertThat(without.find("amber@359").revision()).isEqualTo("main");
        assertThat(without.checkpoints("amber"))
                .hasSize(3)
                .allMatch(checkpoint -> checkpoint.evidence() == Evidence.OBSERVED);
        Catalogue with = catalogue(PublishedHub.AMBER, "main", "ckpt_000", "ckpt_359");
        for (String name : List.of("amber", "amber@main", "amber@359")) {
            assertThat(with.find(name).revision()).as(name).isEqualTo("ckpt_359");
            assertThat(with.find(name).name()).as(name).isEqualTo("ckpt-359");
        }
    }

    @Test
    void a_list_without_a_checkpoint_is_refused_and_the_rules_stay() throws Exception {
        serve(PublishedHub.CRYSTALCODER, List.of("refactor"));
        assertThatThrownBy(() -> Catalogue.refresh("crystalcoder"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("none of the 2 branches of LLM360/CrystalCoder");
        assertThat(temp.resolve("home")).doesNotExist();
        assertThat(Catalogue.deciding("crystalcoder@1T-tokens").checkpoints("crystalcoder"))
                .hasSize(56);
        assertThat(catalogue(PublishedHub.CRYSTALCODER, "main").checkpoints("crystalcoder"))
                .hasSize(56);
    }

    @Test
    void an_older_branch_stands_in_where_todays_name_is_missing() throws Exception {
        Catalogue asked =
                catalogue(
                        "IFM/Crystal",
                        "main",
                        "mdl_phase1_step_1500",
                        "mdl_phase1_step_3000",
                        "CrystalCoder_phase1_checkpoint_001500",
                        "mdl_phase2_step_003000",
                        "mdl_phase4_step_1",
                        "mdl_phase1_step_12345678",
                        "CrystalCoder_phase3_checkpoint_027728");
        assertThat(asked.checkpoints("crystalcoder"))
                .extracting(PublishedCheckpoint::name, PublishedCheckpoint::revision)
                .containsExactly(
                        tuple("phase1-001500", "CrystalCoder_phase1_checkpoint_001500"),
                        tuple("phase1-003000", "mdl_phase1_step_3000"),
                        tuple("phase2-003000", "mdl_phase2_step_003000"),
                        tuple("phase3-027728", "CrystalCoder_phase3_checkpoint_027728"));
        for (String spelled :
                List.of("phase1-3000", "mdl_phase1_step_3000", "phase1_checkpoint_003000")) {
            assertThat(asked.find("crystalcoder@" + spelled).revision())
                    .as(spelled)
                    .isEqualTo("mdl_phase1_step_3000");
        }
    }

    @Test
    void of_two_lists_by_two_names_the_later_one_counts() throws Exception {
        BranchList old =
                new BranchList("LLM360/Amber", Instant.EPOCH, List.of("ckpt_000", "ckpt_001"));
        BranchList now = new BranchList("IFM/Amber", Instant.EPOCH.plusSeconds(1), List.of("main"));
        Catalogue catalogue = Catalogue.of(List.of(now, old));
        assertThat(catalogue.checkpoints("amber"))
                .extracting(PublishedCheckpoint::repository, PublishedCheckpoint::name)
                .containsExactly(tuple("IFM/Amber", "ckpt-359"));
        assertThat(catalogue.asked("amber")).hasValue(now.asked());
    }

    @Test
    void bytes_that_are_no_text_are_told_as_any_damage_is() throws Exception {
        Path kept = temp.resolve("home/.branches/LLM360--Amber.json");
        Files.createDirectories(kept.getParent());
        Files.write(kept, new byte[] {(byte) 0xff, (byte) 0xc0, 0});
        assertThatThrownBy(Catalogue::current)
                .isInstanceOf(IOException.class)
                .hasMessageContaining(kept + ": no list of branches");
    }

    @Test
    void without_a_connection_the_rules_hold() throws Exception {
        environment.with("HF_HUB_OFFLINE", "1");
        assertThat(Catalogue.deciding("crystalcoder@1T-tokens").asked("crystalcoder")).isEmpty();
        assertThatThrownBy(() -> Catalogue.refresh("crystalcoder"))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("HF_HUB_OFFLINE or ai.djl.offline is set");
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void a_kept_list_is_read_as_it_is_specified() throws Exception {
        Path kept = temp.resolve("home/.branches/LLM360--Amber.json");
        Files.createDirectories(kept.getParent());
        Files.writeString(kept, KEPT);
        Catalogue current = Catalogue.current();
        assertThat(current.asked("amber")).hasValue(Instant.parse("2026-11-22T19:30:00Z"));
        assertThat(current.checkpoints("amber"))
                .extracting(PublishedCheckpoint::reference, PublishedCheckpoint::revision)
                .containsExactly(
                        tuple("amber@ckpt-358", "ckpt_358"), tuple("amber@ckpt-359", "main"));
        BranchList list = BranchList.parse(KEPT, "kept");
        assertThat(list.toJson()).isEqualTo(KEPT);
        for (String damaged : List.of("", "{", "[]", KEPT.replace("version\":1", "version\":2"))) {
            Files.writeString(kept, damaged);
            assertThatThrownBy(Catalogue::current)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(kept + ": no list of branches")
                    .hasMessageContaining("--refresh");
        }
    }
}
