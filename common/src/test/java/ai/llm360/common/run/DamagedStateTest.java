package ai.llm360.common.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.io.internal.testing.Mutations;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each test harms ckpt-002 and asks for a clear word, and for an older state that is as it was. */
class DamagedStateTest {

    @TempDir Path folder;

    private RunDirectory run;
    private Path newest;

    @BeforeEach
    void saves_three_states() throws IOException {
        run = RunDirectory.create(folder.resolve("run"), "seed: 1\n", "{}");
        for (int number = 0; number < 3; number++) {
            newest = run.saveCheckpoint(number, States.of(100L * number)).path();
        }
    }

    @AfterEach
    void the_state_before_is_as_it_was() throws IOException {
        if (Files.exists(newest)) {
            Files.move(newest, folder.resolve("removed"));
        }
        SavedState latest = run.latest().orElseThrow();
        assertThat(latest.name()).isEqualTo("ckpt-001");
        assertThat(latest.state()).isEqualTo(States.at(100));
        latest.verify();
        run.close();
    }

    private static void assertRefuses(ThrowingCallable call, Path file, String problem) {
        assertThatThrownBy(call)
                .isInstanceOf(RunException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(problem)
                .hasMessageContaining("to resume from ckpt-001, which is older, remove");
    }

    private void verify() throws IOException {
        run.latest().orElseThrow().verify();
    }

    @Test
    void a_corrupted_optimizer_file_names_its_tensor() throws IOException {
        Path file = newest.resolve("optimizer/model.safetensors");
        flip(file, Files.size(file) - 1);
        assertRefuses(this::verify, file, "tensor exp_avg_sq.head is damaged");
    }

    @Test
    void a_flipped_bit_is_noticed_wherever_it_is() throws IOException {
        for (String name :
                new String[] {
                    "model.safetensors",
                    "optimizer/model.safetensors",
                    "trainer_state.json",
                    "config.json",
                    "config.yaml"
                }) {
            Path file = newest.resolve(name);
            for (long at = 0; at < Files.size(file); at += 3) {
                // Not the header's free-form metadata and its padding, which nothing depends on.
                String before = read(file);
                flip(file, at);
                if (!sameButForMetadata(before, read(file))) {
                    assertThatThrownBy(() -> SavedState.open(newest).verify())
                            .as("byte %d of %s", at, name)
                            .isInstanceOf(RunException.class)
                            .hasMessageContaining(newest.toString());
                }
                flip(file, at);
            }
        }
        SavedState.open(newest).verify();
    }

    private static String read(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.ISO_8859_1);
    }

    private static boolean sameButForMetadata(String before, String after) {
        String metadata = "\\{\"__metadata__\":\\{\"[^\"]*\":\"[^\"]*\"}";
        return before.replaceFirst(metadata, "").equals(after.replaceFirst(metadata, ""));
    }

    @Test
    void truncated_weights_are_named_at_the_first_look() throws IOException {
        Path file = newest.resolve("model.safetensors");
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
            open.setLength(Files.size(file) / 2);
        }
        assertRefuses(this::verify, file, "the file is truncated");
        assertRefuses(
                () -> run.latest().orElseThrow().openWeights(), file, "the file is truncated");
    }

    @Test
    void a_missing_shard_is_named_and_sharding_itself_is_no_damage() throws IOException {
        Path sharded = folder.resolve("sharded");
        CheckpointConverter.builder()
                .setSource(newest)
                .setTarget(sharded)
                .optMaxShardBytes(100)
                .build()
                .convert();
        Files.delete(newest.resolve("model.safetensors"));
        for (String file :
                new String[] {
                    "model-00001-of-00002.safetensors",
                    "model-00002-of-00002.safetensors",
                    "model.safetensors.index.json"
                }) {
            Files.move(sharded.resolve(file), newest.resolve(file));
        }
        verify();
        Path shard = newest.resolve("model-00002-of-00002.safetensors");
        Files.delete(shard);
        assertRefuses(this::verify, shard, "no such file");
    }

    @Test
    void a_missing_optimizer_is_named() throws IOException {
        Files.delete(newest.resolve("optimizer/model.safetensors"));
        assertRefuses(this::verify, newest.resolve("optimizer"), "holds no checkpoint");
        Files.delete(newest.resolve("optimizer"));
        SavedState latest = run.latest().orElseThrow();
        assertThat(latest.hasOptimizer()).isFalse();
        assertRefuses(latest::openOptimizer, newest.resolve("optimizer"), "is not there");
    }

    @Test
    void a_tensor_that_is_not_in_the_manifest_is_named() throws IOException {
        Path manifest = newest.resolve("manifest.json");
        String text = Files.readString(manifest);
        Files.writeString(manifest, text.replace("\"head\"", "\"tail\""));
        assertRefuses(this::verify, newest, "lacks [tail], adds [head]");
    }

    @Test
    void a_corrupted_manifest_stops_a_resume_and_not_the_running() throws IOException {
        Path manifest = newest.resolve("manifest.json");
        String text = Files.readString(manifest);
        Files.writeString(manifest, text.substring(0, text.length() / 2));
        assertRefuses(() -> run.latest(), manifest, "is damaged");
        assertThat(run.states())
                .extracting(SavedState::name)
                .containsExactly("ckpt-000", "ckpt-001");
        assertThatThrownBy(() -> run.saveCheckpoint(2, States.of(200)))
                .isInstanceOf(RunException.class)
                .hasMessageStartingWith(manifest.toString());
        run.prune(0, false);
        assertThat(run.states().get(1).hasOptimizer()).isTrue();
    }

    @Test
    void an_old_state_with_a_corrupted_manifest_stands_in_nobodys_way() throws IOException {
        Files.writeString(run.path().resolve("ckpt-000/manifest.json"), "{");
        verify();
        assertThat(run.latest().orElseThrow().name()).isEqualTo("ckpt-002");
        run.saveResumePoint(States.of(250));
        Files.writeString(run.path().resolve("resume/step-000000250/manifest.json"), "{");
        assertThatThrownBy(() -> run.latest()).hasMessageContaining("to resume from ckpt-002");
        Files.delete(run.path().resolve("resume/step-000000250/manifest.json"));
    }

    @Test
    void whatever_the_manifest_or_the_state_says_the_error_is_ours() throws IOException {
        for (String name : new String[] {"manifest.json", "trainer_state.json"}) {
            Path file = newest.resolve(name);
            byte[] whole = Files.readAllBytes(file);
            for (int at = 0; at < whole.length; at += 3) {
                byte[] harmed = whole.clone();
                harmed[at] = (byte) "\"}9e".charAt(at % 4);
                Files.write(file, harmed);
                try {
                    SavedState.open(newest).verify();
                } catch (RunException e) {
                    assertThat(e).hasMessageStartingWith(newest.toString());
                }
            }
            Files.write(file, whole);
        }
    }

    @Test
    void a_manifest_of_a_later_version_says_so() throws IOException {
        Path manifest = newest.resolve("manifest.json");
        String text = Files.readString(manifest);
        Files.writeString(manifest, text.replace("\"version\": 1", "\"version\": 2"));
        assertRefuses(() -> run.latest(), manifest, "is of version 2");
    }

    @Test
    void half_written_directories_are_not_states() throws IOException {
        Files.delete(newest.resolve("manifest.json"));
        Files.createDirectories(run.path().resolve("ckpt-007"));
        Files.createDirectories(run.path().resolve("resume/step-000000900/optimizer"));
        assertThat(run.states())
                .extracting(SavedState::name)
                .containsExactly("ckpt-000", "ckpt-001");
        assertThat(run.latest().orElseThrow().name()).isEqualTo("ckpt-001");
        assertThatThrownBy(() -> run.saveCheckpoint(7, States.of(700)))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("ckpt-007: is in the way");
    }

    private static void flip(Path file, long at) throws IOException {
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
            open.seek(at);
            int value = open.read();
            open.seek(at);
            open.write(value ^ 1);
        }
    }

    @Test
    void whatever_is_damaged_in_a_manifest_or_state_is_read_or_refused() throws IOException {
        Path manifest = newest.resolve(Manifest.FILE);
        byte[] good = Files.readAllBytes(manifest);
        Random random = new Random(61);
        int refused = 0;
        for (int i = 0; i < Mutations.cases(1500); i++) {
            byte[] bad = i % 2 == 0 ? Mutations.bytes(good, random) : Mutations.json(good, random);
            Files.delete(manifest);
            Files.write(manifest, bad);
            try {
                SavedState.open(newest);
            } catch (RunException e) {
                refused++;
            } catch (IOException | RuntimeException | Error e) {
                throw new AssertionError(HexFormat.of().formatHex(bad), e);
            }
        }
        assertThat(refused).isBetween(Mutations.cases(100), Mutations.cases(1499));
        byte[] state = Files.readAllBytes(newest.resolve(TrainingState.FILE));
        for (int i = 0; i < Mutations.cases(4000); i++) {
            byte[] bad =
                    i % 2 == 0 ? Mutations.bytes(state, random) : Mutations.json(state, random);
            try {
                assertThat(TrainingState.parse(bad)).isNotNull();
            } catch (JsonParseException e) {
                refused++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError(HexFormat.of().formatHex(bad), e);
            }
        }
        assertThat(refused).isGreaterThan(1000);
    }
}
