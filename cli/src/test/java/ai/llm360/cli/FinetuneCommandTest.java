package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.run.ValidationLoss;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** amber-nano on a few conversations, and on a few pairs of answers. */
class FinetuneCommandTest {

    @TempDir Path temp;
    private final CommandRun command = new CommandRun();
    private Path run;

    @BeforeEach
    void write() throws IOException {
        run = temp.resolve("run");
        JsonArray conversations = new JsonArray();
        List<String> pairs = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            String question = "What is number " + i + "?";
            JsonObject user = new JsonObject();
            user.addProperty("from", "human");
            user.addProperty("value", question);
            JsonObject answer = new JsonObject();
            answer.addProperty("from", "gpt");
            answer.addProperty("value", "a number");
            JsonArray turns = new JsonArray();
            turns.add(user);
            turns.add(answer);
            JsonObject conversation = new JsonObject();
            conversation.addProperty("id", "c" + i);
            conversation.add("conversations", turns);
            conversations.add(conversation);
            JsonObject pair = new JsonObject();
            pair.addProperty("prompt", question);
            pair.addProperty("chosen", " a number");
            pair.addProperty("rejected", " a small animal");
            pairs.add(pair.toString());
        }
        Files.writeString(temp.resolve("chat.json"), conversations.toString());
        Files.write(temp.resolve("pairs.jsonl"), pairs);
    }

    private int finetune(String recipe, String files, String... more) {
        List<String> all = new ArrayList<>();
        all.addAll(List.of("finetune", recipe, "--out=" + run, "--device=cpu"));
        all.add("--set=prepare.files=[" + temp.resolve(files) + "]");
        all.add("--set=prepare.held_out=0.2");
        all.add("--set=data.path=" + temp.resolve("data"));
        all.addAll(List.of(more));
        return command.run(all.toArray(String[]::new));
    }

    private static final String[] SMALL = {
        "--set=batch={global: 4, micro: 2}", "--set=data.epochs=2", "--set=validation.every=4"
    };

    @Test
    void conversations_become_rows_and_a_model_that_answers() throws IOException {
        assertThat(finetune("amber-nano-chat", "chat.json", SMALL)).as(command.err()).isZero();
        assertThat(command.out()).isEqualTo(run + ": finished at step 8 of 8, loss " + last());
        List<ValidationLoss> held = ValidationLoss.read(run);
        assertThat(held).hasSize(2);
        assertThat(held.get(1).loss()).isLessThan(held.get(0).loss());
        assertThat(run.resolve("ckpt-001/tokenizer.json")).isRegularFile();
        assertThat(command.run("finetune", "--resume", "--out=" + run)).isZero();
        assertThat(command.out()).isEqualTo(run + ": finished at step 8 of 8\n");
    }

    private String last() throws IOException {
        List<StepMetrics> steps = StepMetrics.read(run);
        return Output.decimal(steps.get(steps.size() - 1).loss(), 4) + "\n";
    }

    @Test
    void an_adapter_is_saved_as_pefts_files() throws IOException {
        String[] lora = {
            "--set=batch={global: 2, micro: 1}",
            "--set=lora={r: 2, target_modules: [all-linear]}",
            "--set=data.epochs=1",
            "--set=prepare.packing=best-fit" // trained text by text
        };
        assertThat(finetune("amber-nano-chat", "chat.json", lora)).as(command.err()).isZero();
        Path saved = run.resolve("ckpt-000");
        assertThat(saved.resolve("adapter_config.json")).content().contains("\"r\": 2");
        assertThat(saved.resolve("adapter_model.safetensors")).isRegularFile();
        assertThat(saved.resolve("config.json")).doesNotExist();
        SavedState.open(saved).verify();
        finetune("amber-nano-chat", "chat.json", lora[0], lora[1], lora[2], lora[3], "--plan");
        // Of each layer four matrices of 128 by 128 and three of 128 by 344, at rank 2.
        long parameters = 3 * 2 * (4 * (128 + 128) + 3 * (128 + 344));
        assertThat(command.out()).contains(ByteSize.format(4 * parameters));
    }

    @Test
    void safe_answers_are_learnt_in_two_stages() throws IOException {
        assertThat(
                        finetune(
                                "amber-nano-safe",
                                "pairs.jsonl",
                                "--set=phases.sft.batch={global: 4, micro: 2}",
                                "--set=phases.dpo.batch={global: 4, micro: 2}",
                                "--set=phases.sft.schedule.warmup=1",
                                "--set=phases.dpo.schedule.warmup=1",
                                "--set=validation.every=4"))
                .as(command.err())
                .isZero();
        List<StepMetrics> steps = StepMetrics.read(run.resolve("dpo"));
        assertThat(steps).hasSize(4);
        assertThat(steps.get(0).figures().get("rewards/margins")).isBetween(-1e-5, 1e-5);
        assertThat(steps.get(3).figures().get("rewards/margins")).isPositive();
        assertThat(ValidationLoss.read(run.resolve("dpo")))
                .allSatisfy(one -> assertThat(one.figures()).containsKey("rewards/accuracies"));
        assertThat(temp.resolve("data/dpo/references")).isDirectory();
        // A step's pairs, each one's chosen answer first; the second epoch's chunk is the first's.
        JsonArray rows =
                command.json("data", "show", run.resolve("dpo").toString(), "--step=2", "--json")
                        .getAsJsonArray("rows");
        assertThat(rows).hasSize(2 * 4);
        for (int i = 0; i < rows.size(); i++) {
            String text = rows.get(i).getAsJsonObject().get("text").getAsString();
            assertThat(text.contains("small animal")).isEqualTo(i % 2 == 1);
        }
    }

    @Test
    void a_stage_does_not_begin_with_an_adapter() {
        assertThat(finetune("amber-nano-safe", "pairs.jsonl", "--set=lora.r=2")).isEqualTo(1);
        assertThat(command.err())
                .hasLineCount(1)
                .contains(
                        "phase dpo would begin with an adapter, that of phase sft", "llm360 merge");
        assertThat(run).doesNotExist();
    }

    @Test
    void what_pretrains_is_left_to_pretrain_and_preferences_need_weights_to_compare_with() {
        command.assertFails(
                1,
                new String[] {"finetune", "amber-nano", "--plan"},
                "objective.kind is pretraining, which llm360 pretrain does; expected sft or dpo");
        assertThat(
                        finetune(
                                "amber-nano-chat",
                                "chat.json",
                                "--set=objective.kind=dpo",
                                "--set=prepare.kind=conversation"))
                .isEqualTo(1);
        assertThat(command.err())
                .contains("prepare: kind is 'conversation'; expected one of conversations");
    }
}
