package ai.llm360.analysis.memorization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ModelException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.zoo.Criteria;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemorizationTest {

    private static final int TOKENS = 32;

    @TempDir Path temp;

    /** After token i comes i + 1, and after the last one 0, whatever stands before. */
    private ZooModel<String, String> counting() throws ModelException, IOException {
        TinyAmber model =
                TinyAmber.of(TinyAmber.sizes().setVocabularySize(TOKENS).setHiddenSize(TOKENS));
        for (int layer = 0; layer < 2; layer++) { // the residual stream is the embedding
            String prefix = "model.layers." + layer;
            Arrays.fill(model.weight(prefix + ".self_attn.o_proj.weight"), 0);
            Arrays.fill(model.weight(prefix + ".mlp.down_proj.weight"), 0);
        }
        Arrays.fill(model.weight("model.norm.weight"), 1);
        float[] embedding = model.weight("model.embed_tokens.weight");
        float[] head = model.weight("lm_head.weight");
        Arrays.fill(embedding, 0);
        Arrays.fill(head, 0);
        for (int i = 0; i < TOKENS; i++) {
            embedding[i * TOKENS + i] = 1;
            head[(i + 1) % TOKENS * TOKENS + i] = 1;
        }
        return Criteria.loadModel(model.writeTo(temp.resolve("counting")).toString());
    }

    private static MemorizationSample sample(String source, long[] prompt, long... continuation) {
        return new MemorizationSample(source, prompt, continuation);
    }

    @Test
    void counts_what_agrees_when_the_model_reads_its_own_tokens() throws Exception {
        long[] prompt = {3, 4, 5};
        List<MemorizationSample> samples =
                List.of(
                        sample("a", prompt, 6, 7, 8, 9), // all of it
                        sample("a", prompt, 6, 20, 8, 9), // after 20 would come 21, but 7 was said
                        sample("b", prompt, 6, 20, 21, 22),
                        sample("b", prompt, 9, 9, 9, 9));
        try (ZooModel<String, String> model = counting()) {
            MemorizationResult result =
                    Memorization.builder(Criteria.generator(model).model())
                            .optBatch(3)
                            .build()
                            .measure(samples);
            assertThat(result.toJson())
                    .isEqualTo(
                            "{\"full_match\":0.25,\"token_match\":0.5625,\"count\":4,\"match\":[4,3,1,1],"
                                + "\"all_match\":[[1,1,1,1],[1,0,1,1],[1,0,0,0],[0,0,0,1]]}");
            assertThat(result.bySource(samples))
                    .containsEntry("a", new MemorizationResult.Summary(2, 7 / 8.0, 0.5))
                    .containsEntry("b", new MemorizationResult.Summary(2, 0.25, 0));
            Path file = result.write(temp, "355", "143");
            assertThat(temp.relativize(file)).hasToString("result_ckpt-355/data-143.json");
            assertThat(MemorizationResult.read(file)).isEqualTo(result);
        }
    }

    @Test
    void an_end_token_ends_the_continuation_unless_it_is_ignored() throws Exception {
        List<MemorizationSample> samples =
                List.of(
                        sample("a", new long[] {31}, 0, 1, 2, 3, 4), // 2 ends a text
                        sample("a", new long[] {31}, 9, 1, 2, 3, 4));
        try (ZooModel<String, String> model = counting()) {
            var measure = Memorization.builder(Criteria.generator(model).model());
            assertThat(measure.build().measure(samples).allMatch())
                    .containsExactly(List.of(1, 1, 1, 0, 0), List.of(0, 1, 1, 0, 0));
            assertThat(measure.optIgnoreEos(true).build().measure(samples).allMatch())
                    .containsExactly(List.of(1, 1, 1, 1, 1), List.of(0, 1, 1, 1, 1));
        }
    }

    @Test
    void agrees_with_greedy_generation_token_by_token() throws Exception {
        int k = 5;
        int l = 12;
        Path directory = TinyAmber.of(TinyAmber.sizes()).writeTo(temp.resolve("random"));
        Random random = new Random(1);
        try (ZooModel<String, String> model = Criteria.loadModel(directory.toString())) {
            TextGenerator generator = Criteria.generator(model);
            GenerationConfig greedy =
                    GenerationConfig.builder()
                            .optTemperature(0)
                            .optMaxNewTokens(l)
                            .optIgnoreEos(true)
                            .build();
            List<MemorizationSample> samples = new ArrayList<>();
            List<List<Integer>> expected = new ArrayList<>();
            for (int row = 0; row < 20; row++) {
                long[] prompt = random.longs(k, 0, 96).toArray();
                long[] made =
                        generator.generateIds(List.of(prompt), greedy).get(0).ids().stream()
                                .mapToLong(Long::longValue)
                                .toArray();
                long[] continuation = Arrays.copyOfRange(made, made.length - l, made.length);
                for (int change = 0; change < row % 4; change++) {
                    continuation[random.nextInt(l)] = random.nextInt(96);
                }
                samples.add(new MemorizationSample("s", prompt, continuation));
                List<Integer> same = new ArrayList<>();
                for (int i = 0; i < l; i++) {
                    same.add(continuation[i] == made[made.length - l + i] ? 1 : 0);
                }
                expected.add(same);
            }
            Memorization measure =
                    Memorization.builder(generator.model()).optBatch(8).optIgnoreEos(true).build();
            MemorizationResult result = measure.measure(samples);
            assertThat(result.allMatch()).isEqualTo(expected);
            assertThat(result.fullMatch()).isBetween(0.2, 0.5); // every fourth row is the model's
        }
    }

    @Test
    void what_cannot_be_measured_is_refused_with_the_reason() throws Exception {
        try (ZooModel<String, String> model = counting()) {
            Memorization measure = Memorization.builder(Criteria.generator(model).model()).build();
            assertThatThrownBy(() -> measure.measure(List.of())).hasMessageContaining("no samples");
            assertThatThrownBy(
                            () ->
                                    measure.measure(
                                            List.of(
                                                    sample("a", new long[] {1}, 2, 3),
                                                    sample("a", new long[] {1, 2}, 3))))
                    .hasMessageContaining("same k and l");
            assertThatThrownBy(
                            () -> measure.measure(List.of(sample("a", new long[60], new long[9]))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("64");
            assertThatThrownBy(() -> measure.measure(List.of(sample("a", new long[] {1}, 99))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("99");
        }
    }
}
