package ai.llm360.cli;

import ai.llm360.common.chat.ConversationFormat;
import ai.llm360.common.chat.Message;
import ai.llm360.common.checkpoint.HubConfig;
import ai.llm360.common.generate.Chat;
import ai.llm360.common.generate.ChatAnswer;
import ai.llm360.common.generate.FinishReason;
import ai.llm360.io.internal.NearNames;
import ai.llm360.io.internal.WholeFile;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/** A conversation at the command line: each line is a question, or a command with a slash. */
final class ChatSession {

    /** The commands, each with what it does. */
    static final Map<String, String> COMMANDS = commands();

    private final Chat chat;
    private final ChatLines lines;
    private final Output output;
    private final Terminal terminal;
    private Path saved;

    /** A conversation as it is saved: of the format {@code messages}. */
    record Saved(List<Line> messages) {

        /** A message. */
        record Line(String role, String content) {}

        static Saved of(List<Message> messages) {
            return new Saved(
                    messages.stream()
                            .map(m -> new Line(m.role().name().toLowerCase(Locale.ROOT), m.text()))
                            .toList());
        }
    }

    ChatSession(Chat chat, ChatLines lines, Output output, Terminal terminal) {
        this.chat = chat;
        this.lines = lines;
        this.output = output;
        this.terminal = terminal;
    }

    private static Map<String, String> commands() {
        Map<String, String> commands = new LinkedHashMap<>();
        commands.put("/reset", "forgets all turns; the system message stays");
        commands.put("/regenerate", "asks the last question again, and draws anew");
        commands.put("/system", "TEXT: sets the system message; without TEXT there is none");
        commands.put("/save", "FILE: writes the conversation as JSON");
        commands.put("/load", "FILE: goes on from a conversation that was saved");
        commands.put("/help", "shows these commands; a question may begin with // for a slash");
        commands.put("/exit", "leaves");
        return Collections.unmodifiableMap(commands);
    }

    /** Talks up to the last line. */
    void run() throws IOException, InterruptedException {
        String line = lines.next();
        while (line != null && !line.strip().equals("/exit")) {
            try {
                turn(line.strip());
            } catch (IOException | IllegalArgumentException | IllegalStateException e) {
                if (!terminal.interactive()) {
                    throw e; // a script must not go on
                }
                terminal.say(Failures.message(e));
            }
            line = lines.next();
        }
        if (output.json()) {
            output.json(Saved.of(chat.messages()));
        }
    }

    private void turn(String line) throws IOException, InterruptedException {
        if (line.startsWith("//")) {
            answer(chat.ask(line.substring(1)));
        } else if (line.startsWith("/")) {
            int space = line.indexOf(' ');
            String command = space < 0 ? line : line.substring(0, space);
            command(command, space < 0 ? "" : line.substring(space).strip());
        } else if (!line.isEmpty()) {
            answer(chat.ask(line));
        }
    }

    private void command(String command, String rest) throws IOException, InterruptedException {
        switch (command) {
            case "/reset" -> chat.reset();
            case "/regenerate" -> answer(chat.again());
            case "/system" -> chat.setSystem(rest);
            case "/save" -> save(file(command, rest));
            case "/load" -> load(file(command, rest));
            case "/help" -> COMMANDS.forEach((name, does) -> terminal.say(name + "  " + does));
            default -> {
                List<String> near = NearNames.close(command, COMMANDS.keySet());
                throw new IllegalArgumentException(
                        "no command '%s'; %s"
                                .formatted(
                                        command,
                                        near.isEmpty()
                                                ? "/help shows all"
                                                : "did you mean " + near.get(0) + "?"));
            }
        }
    }

    private static Path file(String command, String name) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException(command + " needs a file's name");
        }
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(
                    "'%s' is no path: %s".formatted(name, e.getReason()));
        }
    }

    private void save(Path file) throws IOException {
        if (Files.exists(file) && !file.equals(saved)) {
            throw new IllegalArgumentException(file + " exists already; take another name");
        }
        String json = Output.toJson(Saved.of(chat.messages())) + "\n";
        WholeFile.replace(file, json.getBytes(StandardCharsets.UTF_8));
        saved = file;
    }

    private void load(Path file) throws IOException {
        try {
            chat.setMessages(
                    ConversationFormat.MESSAGES
                            .read(JsonParser.parseString(HubConfig.text(file)).getAsJsonObject(), 0)
                            .messages());
        } catch (JsonParseException | IllegalStateException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "%s is no conversation {\"messages\": [{\"role\", \"content\"}, …]}: %s"
                            .formatted(file, e.getMessage()),
                    e);
        }
        saved = file;
    }

    /** Prints an answer as it is made, unless all is printed at the end. */
    private void answer(ChatAnswer answer) throws IOException, InterruptedException {
        if (answer.forgotten() > 0) {
            terminal.say(
                    "the conversation has outgrown the model's context: its first %d turns of those left are no longer read"
                            .formatted(answer.forgotten()));
        }
        AtomicBoolean stopped = new AtomicBoolean();
        try (answer) {
            lines.during(() -> print(answer, stopped), () -> stopped.set(true));
        } finally {
            print("\n");
        }
        if (terminal.interactive()
                && answer.reason().filter(FinishReason.LENGTH::equals).isPresent()) {
            terminal.say("the answer was cut; --max-new-tokens N allows longer ones");
        }
    }

    private void print(ChatAnswer answer, AtomicBoolean stopped) throws InterruptedException {
        while (!stopped.get() && answer.hasNext()) {
            print(answer.next().text());
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    private void print(String text) {
        if (!output.json()) {
            output.text(text);
        }
    }
}
