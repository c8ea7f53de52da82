package ai.llm360.zoo.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.testing.Fixtures;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.Series;
import ai.llm360.zoo.Zoo;
import ai.llm360.zoo.catalogue.PublishedCheckpoint.Evidence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CatalogueTest {

    private static final Catalogue RULES = Catalogue.of(List.of());
    private static final Zoo ZOO = Zoo.builder().optHome(Path.of("none")).build();

    private static PublishedCheckpoint find(String asked)
            throws ModelNotFoundException, IOException {
        return ZOO.published(asked).first().published().orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        "amber@200, amber@ckpt-200, ckpt_200",
        "amber@ckpt-200, amber@ckpt-200, ckpt_200",
        "amber@ckpt_200, amber@ckpt-200, ckpt_200",
        "amber@CKPT_0200, amber@ckpt-200, ckpt_200",
        "amber@0, amber@ckpt-000, ckpt_000",
        "amber@ckpt_7, amber@ckpt-007, ckpt_007",
        "amber@358, amber@ckpt-358, ckpt_358",
        "amber@359, amber@ckpt-359, main",
        "amber@main, amber@ckpt-359, main",
        "amber@latest, amber@ckpt-359, main",
        "amber, amber@ckpt-359, main",
        "amber@1.0T-tokens, amber@ckpt-285, ckpt_285",
        "amber@1t_tokens, amber@ckpt-285, ckpt_285",
        "amber@0.001B-tokens, amber@ckpt-000, ckpt_000",
        "amber@9T-tokens, amber@ckpt-359, main",
        "crystalcoder@phase1-055500, crystalcoder@phase1-055500,"
                + " CrystalCoder_phase1_checkpoint_055500",
        "crystalcoder@phase1-55500, crystalcoder@phase1-055500,"
                + " CrystalCoder_phase1_checkpoint_055500",
        "crystalcoder@Phase1_55500, crystalcoder@phase1-055500,"
                + " CrystalCoder_phase1_checkpoint_055500",
        "crystalcoder@CrystalCoder_phase1_checkpoint_055500, crystalcoder@phase1-055500,"
                + " CrystalCoder_phase1_checkpoint_055500",
        "crystalcoder@mdl_phase1_step_55500, crystalcoder@phase1-055500,"
                + " CrystalCoder_phase1_checkpoint_055500",
        "crystalcoder@phase2-214387, crystalcoder@phase2-214387,"
                + " CrystalCoder_phase2_checkpoint_214387",
        "crystalcoder@latest, crystalcoder@phase3-027728, CrystalCoder_phase3_checkpoint_027728",
        "crystalcoder, crystalcoder@phase3-027728, CrystalCoder_phase3_checkpoint_027728",
        "crystalcoder@345B-tokens, crystalcoder@phase1-079721,"
                + " CrystalCoder_phase1_checkpoint_079721",
        "amberchat, amberchat@main, main",
        "ambersafe@latest, ambersafe@main, main",
        "crystalchat@main, crystalchat@main, main"
    })
    void a_checkpoint_has_one_name_and_one_revision_in_every_spelling(
            String asked, String reference, String revision)
            throws ModelNotFoundException, IOException {
        PublishedCheckpoint found = find(asked);
        assertThat(found.reference()).isEqualTo(reference);
        assertThat(found.revision()).isEqualTo(revision);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    amber@ckpt-360    | no checkpoint 'ckpt-360': amber has ckpt-000 to ckpt-359
                    amber@-1          | names no model
                    amber@final       | no checkpoint 'final': amber has ckpt-000 to ckpt-359
                    amber@1234567     | no checkpoint '1234567': amber has ckpt-000 to ckpt-359
                    crystalcoder@phase1-080000 | no checkpoint 'phase1-080000': phase 1 of crystalcoder has steps 1 to 79721, the nearest is phase1-079721
                    crystalcoder@phase3-0      | phase 3 of crystalcoder has steps 1 to 27728, the nearest is phase3-027728
                    crystalcoder@phase4-1000   | are named by phase and step, from phase1-001500 to phase3-027728, such as phase1-055500
                    crystalcoder@55500         | are named by phase and step
                    crystalcoder@mdl_phase1_stop_5 | are named by phase and step
                    amberchat@ckpt-1  | no checkpoint 'ckpt-1': amberchat has one checkpoint, main
                    amberchat@1T-tokens | amberchat has one checkpoint, main
                    ambre@3           | LLM360 published no model 'ambre': did you mean amber?
                    CrystalCoder@3    | did you mean crystalcoder?
                    ./amber           | './amber' is a path; the catalogue has names
                    """)
    void what_there_is_none_of_is_answered_with_what_there_is(String asked, String message) {
        assertThatThrownBy(() -> find(asked))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining(message);
    }

    @Test
    void amber_has_360_one_for_each_chunk_of_its_data() throws ModelNotFoundException, IOException {
        List<PublishedCheckpoint> all = RULES.checkpoints("amber");
        assertThat(all).hasSize(360).hasSize(RULES.published("amber").orElseThrow());
        assertThat(all).allMatch(checkpoint -> checkpoint.evidence() == Evidence.RULE);
        assertThat(all).allMatch(checkpoint -> checkpoint.repository().equals("IFM/Amber"));
        assertThat(all.get(0).tokens()).hasValue(3_495_690_240L);
        assertThat(all.get(0).step()).hasValue(762);
        assertThat(all.get(0).chunk()).hasValue(0);
        assertThat(all.get(359).tokens()).hasValue(1_258_448_486_400L);
        assertThat(all.get(359).step()).hasValue(274_320);
        assertThat(all.get(359).phase()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "phase1-001500, 6488064000, OBSERVED",
        "phase1-079721, 344823300096, OBSERVED",
        "phase2-000001, 344827625472, UNCONFIRMED",
        "phase2-214387, 1272127684608, OBSERVED",
        "phase3-001000, 1276453060608, UNCONFIRMED",
        "phase3-027728, 1392061710336, OBSERVED"
    })
    void crystalcoders_tokens_run_on_through_its_phases(String name, long tokens, Evidence evidence)
            throws ModelNotFoundException, IOException {
        PublishedCheckpoint found = find("crystalcoder@" + name);
        assertThat(found.tokens()).hasValue(tokens);
        assertThat(found.evidence()).isEqualTo(evidence);
        assertThat(found.phase()).hasValue(name.charAt(5) - '0');
        assertThat(found.step()).hasValue(Long.parseLong(name.substring(7)));
    }

    @Test
    void a_checkpoints_order_is_that_of_its_tokens() throws ModelNotFoundException, IOException {
        for (String model : List.of("amber", "crystalcoder")) {
            assertThat(RULES.checkpoints(model))
                    .extracting(checkpoint -> checkpoint.tokens().orElseThrow())
                    .isSorted()
                    .doesNotHaveDuplicates();
        }
    }

    @Test
    void crystalcoders_known_names_are_those_that_were_seen()
            throws IOException, ModelNotFoundException {
        List<PublishedCheckpoint> all = RULES.checkpoints("crystalcoder");
        assertThat(RULES.published("crystalcoder")).hasValue(143);
        assertThat(all).hasSize(56).allMatch(c -> c.evidence() == Evidence.OBSERVED);
        String names = "fixtures/llm360/checkpoints/crystal_branches_observed.txt";
        assertThat(all)
                .extracting(PublishedCheckpoint::revision)
                .filteredOn(name -> !name.equals("CrystalCoder_phase2_checkpoint_214387"))
                .containsExactlyElementsOf(Files.readAllLines(Fixtures.shared(names)));
    }

    @Test
    void a_range_is_a_list_with_its_ends() throws ModelNotFoundException, IOException {
        assertThat(names("amber@0..359:10")).hasSize(36).startsWith("ckpt-000", "ckpt-010");
        assertThat(names("amber@0..359:359")).containsExactly("ckpt-000", "ckpt-359");
        assertThat(names("amber@ckpt_357..latest"))
                .containsExactly("ckpt-357", "ckpt-358", "ckpt-359");
        assertThat(names("amber@1T-tokens..1.01T-tokens"))
                .containsExactly("ckpt-285", "ckpt-286", "ckpt-287", "ckpt-288");
        assertThat(names("crystalcoder@phase1-078000..phase2-9000"))
                .containsExactly(
                        "phase1-078000", "phase1-079721", "phase2-003000", "phase2-009000");
    }

    @ParameterizedTest
    @CsvSource({
        "amber@9..3, selects nothing",
        "amber@0..9:0, selects nothing",
        "amber@0..360, no checkpoint '360'",
        "crystalcoder@phase1-001501..phase1-004500, two known checkpoints",
        "ambre@0..3, did you mean amber?"
    })
    void a_range_that_selects_nothing_is_refused(String range, String message) {
        assertThatThrownBy(() -> ZOO.published(range))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining(message);
    }

    @Test
    void the_nearest_to_a_number_of_tokens_says_that_it_is_the_nearest()
            throws ModelNotFoundException, IOException {
        Series nearest = ZOO.published("amber@1.0T-tokens");
        assertThat(nearest.nearestTo()).hasValue(1_000_000_000_000L);
        assertThat(nearest.first().tokens()).hasValue(999_767_408_640L);
        for (String other : List.of("amber@285", "amber")) {
            assertThat(ZOO.published(other).nearestTo()).as(other).isEmpty();
        }
    }

    private static List<String> names(String range) throws ModelNotFoundException, IOException {
        return ZOO.published(range).checkpoints().stream().map(CheckpointEntry::name).toList();
    }
}
