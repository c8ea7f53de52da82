package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import ai.djl.MalformedModelException;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.model.WeightType;
import ai.llm360.io.internal.testing.Mutations;
import ai.llm360.zoo.testing.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damages one file of a model, then loads it in one of the types and uses it: whatever the file
 * says, the model works or is refused by an exception that a user can read, and nothing stays.
 */
class ModelFuzzTest {

    private static final int CASES = Mutations.cases(100);
    private static final WeightType[] TYPES = WeightType.values();

    @TempDir Path temp;

    @Test
    void a_damaged_model_works_or_is_refused() throws Exception {
        Path directory = TinyModel.writeTo(temp.resolve("model"));
        Files.writeString(
                directory.resolve("generation_config.json"),
                "{\"do_sample\": true, \"temperature\": 0.7, \"top_k\": 5, \"eos_token_id\": [2]}");
        List<Path> files;
        try (var listed = Files.list(directory)) {
            files = listed.sorted().toList();
        }
        use(directory, TYPES[0]);
        int before = TinyModel.liveArrays();
        int refused = 0;
        Random random = new Random(17);
        for (int i = 0; i < CASES; i++) {
            Path file = files.get(random.nextInt(files.size()));
            byte[] good = Files.readAllBytes(file);
            byte[] bad =
                    file.toString().endsWith(".json") && random.nextBoolean()
                            ? Mutations.json(good, random)
                            : Mutations.bytes(good, random);
            replace(file, bad);
            try {
                use(directory, TYPES[random.nextInt(TYPES.length)]);
            } catch (IOException
                    | IllegalArgumentException
                    | IllegalStateException
                    | MalformedModelException
                    | ModelNotFoundException e) {
                assertThat(e.getMessage()).isNotBlank().hasSizeLessThan(10_000);
                refused++;
            } catch (Exception | Error e) {
                fail("case %d, %s of %d bytes".formatted(i, file.getFileName(), bad.length), e);
            }
            replace(file, good);
        }
        assertThat(refused).isBetween(CASES / 10, CASES - 1);
        assertThat(TinyModel.liveArrays()).isEqualTo(before);
    }

    /** Deletes first: a file that is mapped stays as it is. */
    private static void replace(Path file, byte[] bytes) throws IOException {
        Files.delete(file);
        Files.write(file, bytes);
    }

    private static void use(Path directory, WeightType type) throws Exception {
        try (ZooModel<String, String> model =
                Criteria.of(directory.toString())
                        .optDtype(type)
                        .optArgument("max_new_tokens", 3)
                        .loadModel()) {
            TextGenerator generator = Criteria.generator(model);
            GenerationConfig config = GenerationConfig.builder().optMaxNewTokens(3).build();
            if (generator.hasTokenizer()) {
                generator.generate("once upon \u00e9\ud83d\ude00", config);
            }
            generator.generateIds(List.of(new long[] {1, 5, 9}, new long[] {1}), config);
            generator.scoreIds(new long[] {1, 5, 9});
        }
    }
}
