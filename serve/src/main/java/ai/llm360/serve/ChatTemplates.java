package ai.llm360.serve;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.chat.ChatTemplate;
import ai.llm360.common.checkpoint.HubConfig;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.catalogue.PublishedCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Chooses the chat template of a model. */
public final class ChatTemplates {

    /** As the models were trained; AmberChat's and AmberSafe's cards show others. */
    private static final Map<String, String> PUBLISHED =
            Map.of(
                    "amberchat", "vicuna",
                    "ambersafe", "amber_safe",
                    "crystalchat", "crystalchat");

    private ChatTemplates() {}

    /**
     * Chooses a model's template: the one that is asked for, else its own ({@link JinjaTemplate}),
     * else the one that LLM360 trained a model of its published name with.
     *
     * @param checkpoint the model, on this machine
     * @param asked the name of one of LLM360's templates or of the model's own, or a path that ends
     *     in {@code .jinja}; empty for the model's
     * @return the template
     * @throws ModelNotFoundException if the model isn't on this machine
     * @throws IOException if a file can't be read
     * @throws IllegalArgumentException if there is no such template, or the model has none; the
     *     message lists the names
     */
    public static ChatTemplate of(CheckpointEntry checkpoint, Optional<String> asked)
            throws ModelNotFoundException, IOException {
        Path path = checkpoint.path();
        Path directory = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
        if (asked.isPresent() && asked.get().endsWith(".jinja")) {
            Path file = Path.of(asked.get());
            String name = String.valueOf(file.getFileName());
            return JinjaTemplate.of(name, HubConfig.text(file), directory);
        }
        String wanted = asked.orElse("").replace('-', '_');
        if (ChatTemplate.names().contains(wanted)) {
            return ChatTemplate.named(wanted);
        }
        Optional<JinjaTemplate> own =
                JinjaTemplate.read(directory, asked.orElse(JinjaTemplate.DEFAULT));
        if (own.isPresent()) {
            return own.get();
        }
        Optional<String> published =
                checkpoint.published().map(PublishedCheckpoint::model).map(PUBLISHED::get);
        if (asked.isEmpty() && published.isPresent()) {
            return ChatTemplate.named(published.get());
        }
        List<String> names = new ArrayList<>(ChatTemplate.names());
        names.addAll(JinjaTemplate.names(directory));
        throw new IllegalArgumentException(
                "%s: there are %s; a file that ends in .jinja does, too"
                        .formatted(
                                asked.isPresent()
                                        ? "no chat template '%s'".formatted(asked.get())
                                        : "%s has no chat template of its own; name one"
                                                .formatted(checkpoint.reference()),
                                String.join(", ", names)));
    }
}
