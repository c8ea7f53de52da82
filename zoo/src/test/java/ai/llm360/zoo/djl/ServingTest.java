package ai.llm360.zoo.djl;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.inference.Predictor;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.generate.Generation;
import ai.llm360.zoo.Criteria;
import ai.llm360.zoo.testing.TinyModel;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests as DJL Serving's HTTP layer hands them over: headers as properties, one content. */
class ServingTest {

    private static final String PROMPT = "once upon";

    private static ZooModel<Input, Output> model;
    private static Predictor<Input, Output> predictor;
    private static ZooModel<String, Generation> texts;

    @BeforeAll
    static void load(@TempDir Path temp) throws Exception {
        String directory = TinyModel.writeTo(temp.resolve("tiny")).toString();
        model =
                Criteria.of(directory, Input.class, Output.class)
                        .optArgument("max_new_tokens", 6)
                        .optArgument("batch_size", 4) // DJL Serving's
                        .loadModel();
        predictor = model.newPredictor();
        texts = Criteria.loadModel(directory, String.class, Generation.class);
    }

    @AfterAll
    static void close() {
        texts.close();
        predictor.close();
        model.close();
    }

    private static Output send(String contentType, byte[] body) throws Exception {
        Input input = new Input();
        if (contentType != null) {
            input.addProperty("content-type", contentType);
        }
        input.add("data", body);
        return predictor.predict(input);
    }

    private static Output send(String contentType, String body) throws Exception {
        return send(contentType, body.getBytes(StandardCharsets.UTF_8));
    }

    private static JsonElement json(String body) throws Exception {
        Output output = send("application/json", body);
        assertThat(output.getCode()).as(text(output)).isEqualTo(200);
        assertThat(output.getProperty("Content-Type", "")).startsWith("application/json");
        return JsonParser.parseString(text(output));
    }

    private static String text(Output output) {
        return new String(output.getData().getAsBytes(), StandardCharsets.UTF_8);
    }

    private static String expected(String prompt, int tokens) {
        return Criteria.generator(texts)
                .generate(
                        prompt,
                        Criteria.generationConfig(texts).toBuilder()
                                .optMaxNewTokens(tokens)
                                .build())
                .text();
    }

    private static String generated(JsonElement answer) {
        assertThat(answer.getAsJsonObject().keySet()).containsExactly("generated_text");
        return answer.getAsJsonObject().get("generated_text").getAsString();
    }

    @Test
    void a_text_is_answered_with_a_text() throws Exception {
        for (String type : new String[] {null, "text/plain", "text/plain; charset=UTF-8"}) {
            Output output = send(type, PROMPT);
            assertThat(output.getCode()).isEqualTo(200);
            assertThat(text(output)).isEqualTo(expected(PROMPT, 6));
            assertThat(output.getProperty("Content-Type", "")).startsWith("text/plain");
        }
    }

    @Test
    void json_is_answered_with_json() throws Exception {
        assertThat(generated(json("{\"inputs\": \"once upon\"}"))).isEqualTo(expected(PROMPT, 6));
        JsonElement answer =
                json(
                        "{\"inputs\": \"once upon\", \"stream\": false, \"parameters\":"
                                + " {\"max_new_tokens\": 9, \"details\": false, \"seed\": null}}");
        assertThat(generated(answer)).isEqualTo(expected(PROMPT, 9));
        assertThat(generated(json("\"once upon\""))).isEqualTo(expected(PROMPT, 6));
    }

    @Test
    void a_list_is_answered_with_a_list_in_its_order() throws Exception {
        JsonElement answer =
                json("{\"inputs\": [\"a\", \"b\", \"time\", \"c\", \"once upon\", \"a time\"]}");
        assertThat(answer.getAsJsonArray()).hasSize(6);
        assertThat(generated(answer.getAsJsonArray().get(4))).isEqualTo(expected(PROMPT, 6));
        assertThat(json("{\"inputs\": [\"once upon\"]}").getAsJsonArray()).hasSize(1);
    }

    @Test
    void the_whole_text_comes_back_where_it_is_asked_for() throws Exception {
        String body = "{\"inputs\": \"once upon\", \"parameters\": {\"return_full_text\": true}}";
        assertThat(generated(json(body))).isEqualTo(PROMPT + expected(PROMPT, 6));
    }

    @Test
    void a_draw_is_repeated_by_its_seed_alone_or_in_a_list() throws Exception {
        String parameters =
                "\"parameters\": {\"do_sample\": true, \"temperature\": 2.5, \"seed\": 11,"
                        + " \"max_new_tokens\": 12}}";
        String alone = generated(json("{\"inputs\": \"once upon\"," + parameters));
        assertThat(generated(json("{\"inputs\": \"once upon\"," + parameters))).isEqualTo(alone);
        JsonElement list = json("{\"inputs\": [\"once upon\", \"a\"]," + parameters);
        assertThat(generated(list.getAsJsonArray().get(0))).isEqualTo(alone);
        assertThat(alone).isNotEqualTo(expected(PROMPT, 12));
    }

    @Test
    void stop_sequences_end_an_answer() throws Exception {
        String whole = expected(PROMPT, 6);
        String stop = whole.substring(2, 4);
        JsonObject parameters = new JsonObject();
        parameters.add("stop_sequences", JsonParser.parseString("[]").getAsJsonArray());
        parameters.getAsJsonArray("stop_sequences").add(stop);
        JsonObject body = new JsonObject();
        body.addProperty("inputs", PROMPT);
        body.add("parameters", parameters);
        assertThat(generated(json(body.toString())))
                .isEqualTo(whole.substring(0, whole.indexOf(stop)));
    }

    @Test
    void text_beyond_ascii_goes_in_and_out_as_utf_8() throws Exception {
        String prompt = "näh ☕ 漢";
        String body =
                "{\"inputs\": \"" + prompt + "\", \"parameters\": {\"return_full_text\":true}}";
        assertThat(generated(json(body))).startsWith(prompt);
        Output latin = send("text/plain; charset=iso-8859-1", new byte[] {(byte) 0xe4});
        assertThat(text(latin)).isEqualTo(expected("ä", 6));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"inputs\": \"a\" | the content isn't JSON",
                "{inputs: 'a'} | the content isn't JSON",
                "{\"inputs\": \"a\"} x | the content isn't JSON",
                "`` | the content isn't JSON",
                "{} | \"inputs\" is missing",
                "null | inputs must be a text",
                "3 | inputs must be a text",
                "{\"inputs\": null} | inputs must be a text or a list of texts",
                "{\"inputs\": [\"a\", 3]} | inputs must be a text or a list of texts",
                "{\"inputs\": []} | is an empty list",
                "{\"inputs\": \"\\ud800\"} | inputs holds half a surrogate pair",
                "{\"input\": \"a\"} | there is no field 'input'; did you mean inputs?",
                "{\"inputs\": \"a\", \"top_k\": 3} | 'top_k' belongs into \"parameters\"",
                "{\"inputs\": \"a\", \"stream\": true} | aren't streamed",
                "{\"inputs\": \"a\", \"parameters\": []} | \"parameters\" must be an object",
                "{\"inputs\": \"a\", \"parameters\": {\"max_tokens\": 3}} | did you mean"
                        + " max_new_tokens?",
                "{\"inputs\": \"a\", \"parameters\": {\"dtype\": \"int8\"}} | there is no parameter"
                        + " 'dtype'",
                "{\"inputs\": \"a\", \"parameters\": {\"top_k\": 1.5}} | top_k must be a whole"
                        + " number, not '1.5'",
                "{\"inputs\": \"a\", \"parameters\": {\"top_k\": {}}} | top_k can't be {}",
                "{\"inputs\": \"a\", \"parameters\": {\"top_p\": 2}} | top-p must be above 0",
                "{\"inputs\": \"a\", \"parameters\": {\"temperature\": 1e400}} | temperature",
                "{\"inputs\": \"a\", \"parameters\": {\"temperature\": \"NaN\"}} | temperature",
                "{\"inputs\": \"a\", \"parameters\": {\"max_new_tokens\": 0}} | must be positive",
                "{\"inputs\": \"a\", \"parameters\": {\"stop_sequences\": [1]}} | stop_sequences"
                        + " must be",
                "{\"inputs\": \"a\", \"parameters\": {\"stop_sequences\": [\"\"]}} | can't be"
                        + " empty",
                "{\"inputs\": \"a\", \"parameters\": {\"details\": true}} | there is no parameter"
                        + " 'details'",
            })
    void what_is_wrong_is_the_answer(String body, String reason) throws Exception {
        refused(send("application/json; charset=utf-8", body), reason);
    }

    private static void refused(Output output, String reason) {
        assertThat(output.getCode()).as(text(output)).isEqualTo(400);
        assertThat(output.getMessage()).contains(reason).doesNotContain("\n");
        JsonObject body = JsonParser.parseString(text(output)).getAsJsonObject();
        assertThat(body.get("code").getAsInt()).isEqualTo(400);
        assertThat(body.get("message").getAsString()).contains(reason);
    }

    @Test
    void what_doesnt_fit_or_is_no_text_is_the_answer_too() throws Exception {
        refused(send("text/plain", "a ".repeat(200)), "the model's context length is");
        refused(send("text/plain", new byte[] {(byte) 0xff, 'a'}), "isn't text in UTF-8");
        refused(send("text/plain; charset=klingon", "a"), "isn't text in klingon");
        Input empty = new Input();
        refused(predictor.predict(empty), "the request has no content");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"inputs\": 7}", "[[[[[[[["})
    void one_bad_request_of_a_batch_fails_alone(String bad) throws Exception {
        Input good = new Input();
        good.add("data", PROMPT);
        Input wrong = new Input();
        wrong.addProperty("Content-Type", "application/json");
        wrong.add("data", bad);
        assertThat(predictor.batchPredict(List.of(good, wrong, good)))
                .extracting(Output::getCode)
                .containsExactly(200, 400, 200);
    }
}
