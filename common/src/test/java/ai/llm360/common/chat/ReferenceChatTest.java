package ai.llm360.common.chat;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.chat.Message.Role;
import ai.llm360.common.testing.Fixtures;
import ai.llm360.common.tokenizer.Tokenizer;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates and masks beside FastChat's, and beside LLM360's own sample of CrystalChat's data. */
class ReferenceChatTest {

    private static final String MASKS = "fixtures/llm360/golden/fastchat_masks.json";
    private static final String TEMPLATES = "fixtures/llm360/golden/chat_templates.json";

    /** AmberChat's context. */
    private static final int CONTEXT = 2048;

    private static Path shared(String path) {
        return Fixtures.shared(path);
    }

    private static JsonObject json(String path) throws IOException {
        return JsonParser.parseString(Files.readString(shared(path))).getAsJsonObject();
    }

    private static List<Message> turns(JsonArray texts) {
        List<Message> messages = new ArrayList<>();
        for (JsonElement text : texts) {
            Role role = messages.size() % 2 == 0 ? Role.USER : Role.ASSISTANT;
            messages.add(new Message(role, text.getAsString()));
        }
        return messages;
    }

    private static List<Message> turns(String... texts) {
        JsonArray array = new JsonArray();
        Arrays.stream(texts).forEach(array::add);
        return turns(array);
    }

    private static long[] longs(JsonArray array) {
        return array.asList().stream().mapToLong(JsonElement::getAsLong).toArray();
    }

    private static boolean[] labels(long[] labels) {
        boolean[] learned = new boolean[labels.length];
        for (int i = 0; i < labels.length; i++) {
            learned[i] = labels[i] != -100;
        }
        return learned;
    }

    /** Text stays text here, so what spells a special token has other ids; see the next test. */
    private static boolean spellsSpecial(JsonObject golden) {
        return golden.get("turns").toString().matches(".*(<unk>|</s>).*");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "fixtures/tokenizers/llama1-tokenizer.json",
                "fixtures/tokenizers/llama-tokenizer.model"
            })
    void the_ids_and_labels_of_vicuna_are_those_of_fastchat(String file) throws IOException {
        int compared = 0;
        try (Tokenizer tokenizer = Tokenizer.open(shared(file))) {
            for (JsonElement element : json(MASKS).getAsJsonArray("cases")) {
                JsonObject golden = element.getAsJsonObject();
                boolean legacy = golden.get("legacy").getAsBoolean();
                ChatTemplate template = ChatTemplate.named(legacy ? "vicuna_legacy" : "vicuna");
                List<Message> messages = turns(golden.getAsJsonArray("turns"));
                LabelledIds fastChat =
                        ChatMask.FASTCHAT.encode(template, tokenizer, messages, CONTEXT);
                LabelledIds exact = ChatMask.EXACT.encode(template, tokenizer, messages, CONTEXT);
                boolean discarded = golden.get("discarded").getAsBoolean();
                String shown = golden.get("turns").toString();

                assertThat(fastChat.labelCount() == 0).as(shown).isEqualTo(discarded);
                assertThat(exact.labelCount()).as(shown).isPositive();
                if (!spellsSpecial(golden)) {
                    long[] ids = longs(golden.getAsJsonArray("ids"));
                    boolean[] labels = labels(longs(golden.getAsJsonArray("labels")));
                    assertThat(fastChat.ids()).as(shown).isEqualTo(ids);
                    assertThat(fastChat.labels()).as(shown).isEqualTo(labels);
                    assertThat(exact.ids()).as(shown).isEqualTo(ids);
                    if (!discarded) {
                        assertThat(exact.labels()).as(shown).isEqualTo(labels);
                    }
                    compared++;
                }
            }
        }
        assertThat(compared).isEqualTo(82); // of 86; two spell </s>, two <unk>, with either rule
    }

    @Test
    void where_a_question_spells_a_special_token_the_answers_labels_are_still_those_of_fastchat()
            throws IOException {
        int compared = 0;
        try (Tokenizer tokenizer =
                Tokenizer.open(shared("fixtures/tokenizers/llama1-tokenizer.json"))) {
            for (JsonElement element : json(MASKS).getAsJsonArray("cases")) {
                JsonObject golden = element.getAsJsonObject();
                if (!spellsSpecial(golden) || golden.get("discarded").getAsBoolean()) {
                    continue;
                }
                LabelledIds ours =
                        ChatMask.FASTCHAT.encode(
                                ChatTemplate.named(
                                        golden.get("legacy").getAsBoolean()
                                                ? "vicuna_legacy"
                                                : "vicuna"),
                                tokenizer,
                                turns(golden.getAsJsonArray("turns")),
                                CONTEXT);
                assertThat(learned(ours.ids(), ours.labels()))
                        .isEqualTo(
                                learned(
                                        longs(golden.getAsJsonArray("ids")),
                                        labels(longs(golden.getAsJsonArray("labels")))));
                assertThat(ours.ids()).doesNotContain(0);
                compared++;
            }
        }
        assertThat(compared).isEqualTo(2);
    }

    private static List<Long> learned(long[] ids, boolean[] labels) {
        List<Long> learned = new ArrayList<>();
        for (int i = 0; i < ids.length; i++) {
            if (labels[i]) {
                learned.add(ids[i]);
            }
        }
        return learned;
    }

    @Test
    void templates_render_as_published() throws IOException {
        JsonObject golden = json(TEMPLATES);
        List<Message> question = turns("{prompt}");
        assertRendering(golden, "fastchat_vicuna_v1.1_generation", "vicuna", question, true);
        assertRendering(
                golden,
                "fastchat_vicuna_v1.1_train_2turns",
                "vicuna",
                turns("Q1", "A1", "Q2", "A2"),
                false);
        assertRendering(golden, "fastchat_one_shot_generation", "one_shot", question, true);
        assertRendering(golden, "ambersafe_card", "amber_safe_card", question, true);
        assertRendering(golden, "crystalchat", "crystalchat", system("{user}", "{reply}"), false);
        assertRendering(
                golden,
                "crystalchat_2turns",
                "crystalchat",
                system("{user1}", "{reply1}", "{user2}", "{reply2}"),
                false);
        assertRendering(
                golden, "crystalchat_card", "crystalchat_card", system("{user}", "{reply}"), false);
        assertThat(golden.get("ambersafe_dpo_training").getAsString())
                .startsWith(
                        ChatTemplate.named("amber_safe")
                                .render(turns("{prompt}", "{response}"), false));
    }

    private static List<Message> system(String... texts) {
        List<Message> messages = new ArrayList<>(List.of(new Message(Role.SYSTEM, "{system}")));
        messages.addAll(turns(texts));
        return messages;
    }

    private static void assertRendering(
            JsonObject golden,
            String key,
            String template,
            List<Message> messages,
            boolean answering) {
        assertThat(ChatTemplate.named(template).render(messages, answering))
                .as(key)
                .isEqualTo(golden.get(key).getAsString());
    }

    @Test
    void crystalchats_prompt_has_the_ids_of_its_tight_text() throws IOException {
        JsonArray cases =
                json("fixtures/llm360/golden/tokenizer_golden.json")
                        .getAsJsonArray("crystal(crystal/tokenizer.json)");
        String text = "<s><|sys_start|>You are an AI assistant.<|sys_end|><|im_start|>Hi<|im_end|>";
        JsonObject golden =
                cases.asList().stream()
                        .map(JsonElement::getAsJsonObject)
                        .filter(one -> one.get("text").getAsString().equals(text))
                        .findFirst()
                        .orElseThrow();
        List<Message> messages =
                List.of(
                        new Message(Role.SYSTEM, "You are an AI assistant."),
                        new Message(Role.USER, "Hi"));
        try (Tokenizer tokenizer =
                Tokenizer.open(shared("fixtures/llm360/crystal/tokenizer.json"))) {
            assertThat(ChatTemplate.named("crystalchat").prompt(tokenizer, messages))
                    .isEqualTo(longs(golden.getAsJsonArray("ids")));
        }
    }

    @Test
    void crystalchats_ids_and_labels_are_those_of_the_released_sample() throws IOException {
        CrystalSample sample = new CrystalSample();
        try (Tokenizer tokenizer =
                Tokenizer.open(shared("fixtures/llm360/crystal/tokenizer.json"))) {
            for (String line :
                    Files.readAllLines(
                            shared("fixtures/llm360/crystal/crystalchat_sft_sample_100.jsonl"))) {
                sample.compare(tokenizer, JsonParser.parseString(line).getAsJsonObject());
            }
        }
        assertThat(sample.positions()).isEqualTo(204_800);
        assertThat(sample.wholeConversations()).isEqualTo(138);
    }
}
