package ai.llm360.cli;

import ai.djl.ModelException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.chat.ChatTemplate;
import ai.llm360.common.generate.Chat;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.serve.ChatTemplates;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.Criteria;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs {@code llm360 chat}: a conversation. */
@Command(
        name = "chat",
        description = {
            "Talks with a chat model: each line is a question, and its answer is printed as it is"
                    + " made.",
            "On a terminal lines are edited, and Ctrl-C stops an answer. From a pipe or file each"
                    + " line is read as if it were typed, and answers alone are printed; an error"
                    + " ends it.",
            "A conversation that outgrows the model's context loses its oldest turns, whole; that"
                    + " is told.",
            "Where an option isn't given, the checkpoint's generation_config.json counts, if there"
                    + " is one, and else the default."
        },
        footer = {
            "",
            "Commands: /reset, /regenerate, /system TEXT, /save FILE, /load FILE, /help, /exit.",
            "--json prints {\"messages\": [{\"role\", \"content\"}]} at the end, as /save writes"
                    + " it, and nothing before."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class ChatCommand implements Callable<Integer> {

    @Mixin private ModelOptions model;

    @Option(
            names = "--template",
            paramLabel = "NAME",
            completionCandidates = TemplateNames.class,
            description = {
                "Write the conversation by this template: ${COMPLETION-CANDIDATES}, one that the"
                        + " model brings, or a file that ends in .jinja. Default: the model's"
                        + " chat_template, or what LLM360 trained it with."
            })
    private String template;

    @Option(
            names = "--system",
            paramLabel = "TEXT",
            description = "Begin with this system message. Default: the template's, if it has one.")
    private String system;

    @Mixin private GenerationOptions how;
    @Mixin private Output output;
    @Spec private CommandSpec spec;

    private final Terminal terminal;

    ChatCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws ModelException, IOException, InterruptedException {
        how.check(spec);
        CheckpointEntry checkpoint = model.find();
        ChatTemplate chosen = ChatTemplates.of(checkpoint, Optional.ofNullable(template));
        try (ZooModel<String, String> loaded = model.load(checkpoint)) {
            GenerationConfig config = how.toConfig(Criteria.generationConfig(loaded));
            try (Chat chat = new Chat(Criteria.generator(loaded), chosen, config);
                    ChatLines lines = ChatLines.of(terminal)) {
                if (system != null) {
                    chat.setSystem(system);
                }
                if (terminal.interactive()) {
                    terminal.say(
                            "%s, template %s; /help shows the commands"
                                    .formatted(checkpoint.reference(), chosen.name()));
                }
                new ChatSession(chat, lines, output, terminal).run();
            }
        }
        return 0;
    }
}
