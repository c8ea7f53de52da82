package ai.llm360.analysis.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.repository.zoo.ZooModel;
import ai.llm360.analysis.task.Profile;
import ai.llm360.analysis.task.Request;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.model.Batching;
import ai.llm360.common.model.LabelScores;
import ai.llm360.common.model.LabelledRow;
import ai.llm360.common.model.WeightType;
import ai.llm360.zoo.Criteria;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** By amber-nano, whose context has 256 tokens and whose tokenizer adds no BOS. */
class ModelAnswererTest {

    private static ZooModel<String, String> model;
    private static TextGenerator generator;

    @BeforeAll
    static void load() throws Exception {
        model = Criteria.of("amber-nano").optDtype(WeightType.FP32).loadModel();
        generator = Criteria.generator(model);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static List<Response> answer(Profile profile, List<Request> requests) {
        return new ModelAnswerer(generator, profile).answer(requests);
    }

    private static LabelScores alone(int labels, long... ids) {
        int inputs = ids.length - 1;
        LabelledRow row =
                new LabelledRow(
                        Arrays.copyOf(ids, inputs),
                        IntStream.range(inputs - labels, inputs).toArray(),
                        Arrays.copyOfRange(ids, ids.length - labels, ids.length));
        return generator.model().score(List.of(row), Batching.EXACT).get(0);
    }

    private static Request pair(String context, String continuation) {
        return new Request.LogLikelihood(context, continuation);
    }

    private static long[] ids(String text) {
        return generator.tokenizer().encode(text, false, false);
    }

    /** The order of float32's sums differs where rows are read together, or on from a cache. */
    private static void assertScore(Response response, LabelScores expected) {
        Response.LogLikelihood found = (Response.LogLikelihood) response;
        assertThat(found.logLikelihood()).isCloseTo(expected.sum(), within(2e-4));
        assertThat(found.greedy()).isEqualTo(expected.greedy());
        assertThat(found.tokens()).isEqualTo(expected.ranks().length);
    }

    @Test
    void what_requests_share_changes_no_answer() {
        String shots =
                "dog: a domestic animal. cat: a small domestic animal with soft fur. ".repeat(2);
        List<Request> requests = new ArrayList<>();
        for (String question : List.of("cow:", "horse:", "tree: a")) {
            for (String choice : List.of(" a", " the", " a large animal", " tall plant")) {
                requests.add(pair(shots + question, choice)); // some of one token
                requests.add(pair(question, choice));
            }
        }
        List<Request> mixed = new ArrayList<>(requests);
        Collections.shuffle(mixed, new Random(1));
        List<Response> found = answer(Profile.LM_EVAL_0_4_13, mixed);
        for (int i = 0; i < mixed.size(); i++) {
            Request.LogLikelihood pair = (Request.LogLikelihood) mixed.get(i);
            long[] context = ids(pair.context());
            long[] whole = ids(pair.context() + pair.continuation());
            assertScore(found.get(i), alone(whole.length - context.length, whole));
        }
    }

    @Test
    void white_space_before_the_border_is_the_continuations() {
        List<Response> found =
                answer(
                        Profile.LM_EVAL_0_4_13,
                        List.of(pair("a dog is ", "an animal"), pair("a dog is", " an animal")));
        assertThat(found.get(0)).isEqualTo(found.get(1));
    }

    @Test
    void an_empty_context_is_one_token() {
        long[] text = ids("a dog");
        for (Profile profile : Profile.values()) {
            long before = profile == Profile.LM_EVAL_0_4_13 ? 1 : 2; // BOS, or the end token
            long[] ids = LongStream.concat(LongStream.of(before), LongStream.of(text)).toArray();
            List<Response> found = answer(profile, List.of(pair("", "a dog"), pair(" ", "a dog")));
            assertScore(found.get(0), alone(text.length, ids));
            long[] space = ids(" a dog"); // of white space alone nothing is left before it
            ids = LongStream.concat(LongStream.of(before), LongStream.of(space)).toArray();
            assertScore(found.get(1), alone(space.length, ids));
        }
    }

    @Test
    void of_too_many_tokens_the_first_are_cut_off() {
        String context = "a domestic animal ".repeat(100) + "is";
        long[] whole = ids(context + " a dog");
        int labels = whole.length - ids(context).length;
        long[] kept = Arrays.copyOfRange(whole, whole.length - 257, whole.length);
        assertScore(
                answer(Profile.LM_EVAL_0_4_13, List.of(pair(context, " a dog"))).get(0),
                alone(labels, kept));
        assertThatThrownBy(() -> answer(Profile.LM_EVAL_0_4_13, List.of(pair("a dog", ""))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the continuation '' adds no token to its context");
    }

    /** 600 tokens in windows of 256: the first two see what is before them but for one token. */
    @Test
    void a_whole_text_is_scored_in_windows_each_token_once() {
        String text = "a domestic animal is a small one. ".repeat(200);
        long[] ids = ids(text);
        long[] all = LongStream.concat(LongStream.of(1), LongStream.of(ids)).toArray();
        double expected = 0;
        for (int done = 1; done < all.length; ) {
            int end = Math.min(done + 256, all.length);
            int from = done == 1 ? 0 : end - 257;
            expected += alone(end - done, Arrays.copyOfRange(all, from, end)).sum();
            done = end;
        }
        Response.Rolling found =
                (Response.Rolling)
                        answer(Profile.LM_EVAL_0_4_13, List.of(new Request.Rolling(text))).get(0);
        assertThat(found.tokens()).isEqualTo(ids.length).isGreaterThan(512);
        assertThat(found.logLikelihood()).isCloseTo(expected, within(1e-5 * Math.abs(expected)));
    }

    @Test
    void generated_text_ends_before_a_stop() {
        Request.Generation whole = new Request.Generation("dog:", List.of(), 20, 0, 1, 2);
        Request.Generation cut = new Request.Generation("dog:", List.of("a", "o"), 20, 0, 1, 1);
        List<Response> found = answer(Profile.LM_EVAL_0_4_13, List.of(whole, cut));
        List<String> texts = ((Response.Generation) found.get(0)).texts();
        assertThat(texts).hasSize(2).containsOnly(texts.get(0));
        String stopped = texts.get(0).split("[ao]", 2)[0];
        assertThat(found.get(1)).isEqualTo(new Response.Generation(List.of(stopped)));
    }

    @Test
    void an_interrupt_ends_it_between_two_batches() {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> answer(Profile.LM_EVAL_0_4_13, List.of(pair("a", " b"))))
                    .isInstanceOf(CancellationException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
