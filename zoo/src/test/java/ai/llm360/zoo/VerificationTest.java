package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.model.WeightPreparation;
import ai.llm360.common.model.WeightType;
import ai.llm360.hub.FileProblem.Kind;
import ai.llm360.hub.HubCache;
import ai.llm360.zoo.testing.Home;
import ai.llm360.zoo.testing.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of a checkpoint is compared with what; files in the Hub's cache have a test there. */
class VerificationTest {

    @TempDir Path temp;
    private Home home;
    private HubCache cache;
    private long read;

    @BeforeEach
    void open() {
        home = Home.at(temp.resolve("home"));
        cache = new HubCache(temp.resolve("hub"));
    }

    @AfterEach
    void close() {
        home.close();
    }

    private List<Verification.Result> verify(String reference) throws Exception {
        Verification verification = Verification.of(cache, List.of(reference), path -> true);
        read = 0;
        List<Verification.Result> results = verification.run(bytes -> read += bytes);
        assertThat(read).isEqualTo(verification.bytes());
        return results;
    }

    private static void flipTheLastByte(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
    }

    @Test
    void the_librarys_copies_are_compared_with_their_series() throws Exception {
        Verification.Result result = verify("amber-nano@ckpt-001").get(0);
        assertThat(result.problems()).isEmpty();
        assertThat(result.files())
                .isEqualTo(Series.of("amber-nano").checkpoint("ckpt-001").tensors().size());
        flipTheLastByte(Path.of(result.name(), "model.safetensors"));
        assertThat(verify("amber-nano@ckpt-001").get(0).problems())
                .hasSize(1)
                .first()
                .satisfies(
                        problem -> {
                            assertThat(problem.kind()).isEqualTo(Kind.DAMAGED);
                            assertThat(problem.expected()).contains(" of sha256 ");
                        });
        assertThat(verify(result.name()).get(0).problems()).hasSize(1);
    }

    @Test
    void what_was_prepared_is_compared_with_its_checksums() throws Exception {
        Path model = TinyModel.writeTo(temp.resolve("model"));
        Path file =
                WeightPreparation.prepare(
                        Criteria.newBlock(model.toString()), model, WeightType.INT8, null);
        Verification.Result sound = verify(model.toString()).get(0);
        assertThat(sound.name()).isEqualTo(file.toString());
        assertThat(sound.problems()).isEmpty();
        flipTheLastByte(file);
        assertThat(verify(model.toString()).get(0).problems())
                .hasSize(1)
                .first()
                .satisfies(
                        problem -> {
                            assertThat(problem.kind()).isEqualTo(Kind.DAMAGED);
                            assertThat(problem.toString())
                                    .startsWith(
                                            file + ": damaged: expected what its checksums say");
                        });
    }

    @Test
    void a_trainings_states_are_compared_with_their_manifests() throws Exception {
        TinyTraining training = TinyTraining.in(temp);
        Path run = training.train(training.recipe(), "tiny");
        assertThat(verify(run.toString()))
                .hasSize(2)
                .allSatisfy(result -> assertThat(result.problems()).isEmpty());
        Path damaged = run.resolve("ckpt-001");
        flipTheLastByte(damaged.resolve("model.safetensors"));
        List<Verification.Result> results = verify(run.toString());
        assertThat(results.get(0).problems()).isEmpty();
        assertThat(results.get(1).problems()).hasSize(1);
        assertThat(results.get(1).problems().get(0).path()).isEqualTo(damaged);
        assertThat(results.get(1).problems().get(0).found()).contains("is damaged");
    }

    @Test
    void what_nothing_is_known_of_is_told() throws IOException {
        Path own = Files.createDirectories(temp.resolve("home/amber/ckpt-007"));
        assertThatThrownBy(() -> verify("amber@7"))
                .hasMessage(
                        "amber@7: nothing says what the bytes of %s should be: it is neither pulled, nor has it a manifest.json or a series.json"
                                .formatted(own));
        assertThatThrownBy(() -> verify("amber@8"))
                .hasMessageContaining("IFM/Amber@ckpt_008 is not in the cache");
    }
}
