package ai.llm360.serve;

import ai.llm360.common.chat.ChatTemplate;
import ai.llm360.common.chat.Message;
import ai.llm360.common.chat.Message.Role;
import ai.llm360.common.checkpoint.HubConfig;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.serve.JinjaValues.Failure;
import ai.llm360.serve.JinjaValues.Special;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * A model's own chat template, written in Jinja, as transformers renders it: with {@code
 * trim_blocks} and {@code lstrip_blocks}, {@code raise_exception}, {@code strftime_now} and the
 * tokenizer's special tokens by name; without tools.
 *
 * <p>A template is a stranger's program. It reads the messages and nothing else; its size, nesting,
 * work, time and output are bounded. What it is rendered to is what Jinja renders: where it comes
 * to a construct that isn't known to give the same here, the rendering is refused, naming it.
 */
public final class JinjaTemplate implements ChatTemplate {

    /** The name of a model's ordinary template. */
    static final String DEFAULT = "default";

    private static final String SUFFIX = ".jinja";

    /** Stands within special tokens that a message spells; no text of a message has it. */
    private static final String GUARD = "\uE0FF";

    private static final String QUESTION = "question";
    private static final String ANSWER = "answer";

    private final String name;
    private final JinjaEngine engine;
    private final TokenizerMarks marks;
    private final List<String> stops;

    private JinjaTemplate(
            String name, String text, TokenizerMarks marks, UnaryOperator<String> dates) {
        this.name = name;
        this.marks = marks;
        try {
            engine = new JinjaEngine(text, dates);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the chat template %s can't be used here: %s; name another one, such as vicuna"
                            .formatted(name, e.getMessage()),
                    e);
        }
        stops = findStops();
    }

    /**
     * Reads one of the templates in a model's directory: of {@code chat_template.jinja}, {@code
     * chat_templates/NAME.jinja}, and {@code chat_template} of {@code tokenizer_config.json}, which
     * is a text or a list of named ones. The first that has the name counts.
     *
     * @param directory a model's directory, with the small files of its tokenizer
     * @param name the template's name; the ordinary one is called {@code default}
     * @return the template; empty if there is none of that name
     * @throws IOException if a file can't be read
     * @throws IllegalArgumentException if a file isn't what it should be, or the template can't be
     *     parsed
     */
    public static Optional<JinjaTemplate> read(Path directory, String name) throws IOException {
        TokenizerMarks marks = TokenizerMarks.in(directory);
        String text = texts(directory, marks).get(name);
        return text == null ? Optional.empty() : Optional.of(of(name, text, marks));
    }

    /**
     * {@return the names of the templates in a model's directory}
     *
     * @param directory the directory
     * @throws IOException if a file can't be read
     * @throws IllegalArgumentException if a file isn't what it should be
     */
    public static Set<String> names(Path directory) throws IOException {
        return texts(directory, TokenizerMarks.in(directory)).keySet();
    }

    private static Map<String, String> texts(Path directory, TokenizerMarks marks)
            throws IOException {
        Map<String, String> texts = new TreeMap<>(marks.templates());
        Path more = directory.resolve("chat_templates");
        if (Files.isDirectory(more)) {
            try (Stream<Path> files = Files.list(more)) {
                for (Path file : files.sorted().toList()) {
                    String name = file.getFileName().toString();
                    if (name.endsWith(SUFFIX)) {
                        String bare = name.substring(0, name.length() - SUFFIX.length());
                        texts.put(bare, HubConfig.text(file));
                    }
                }
            }
        }
        Path file = directory.resolve("chat_template.jinja");
        if (Files.isRegularFile(file)) {
            texts.put(DEFAULT, HubConfig.text(file));
        }
        return texts;
    }

    /**
     * Makes a template of its text.
     *
     * @param name its name
     * @param text the Jinja text
     * @param directory the directory of the model, whose special tokens it is rendered with
     * @return the template
     * @throws IOException if a file of the directory can't be read
     * @throws IllegalArgumentException if a file isn't what it should be, or the text can't be
     *     parsed
     */
    public static JinjaTemplate of(String name, String text, Path directory) throws IOException {
        return of(name, text, TokenizerMarks.in(directory));
    }

    static JinjaTemplate of(String name, String text, TokenizerMarks marks) {
        return new JinjaTemplate(name, text, marks, format -> JinjaText.date(now(), format));
    }

    private static LocalDateTime now() {
        return LocalDateTime.now(ZoneId.systemDefault()); // the user's day, as in Python
    }

    /** {@inheritDoc} */
    @Override
    public String name() {
        return name;
    }

    /** {@inheritDoc} */
    @Override
    public String render(List<Message> messages, boolean answering) {
        Map<String, Object> names = new HashMap<>(marks.names());
        names.put("messages", messages.stream().map(JinjaTemplate::values).toList());
        names.put("add_generation_prompt", answering);
        names.put("tools", Special.NONE);
        names.put("documents", Special.NONE);
        try {
            return engine.render(names);
        } catch (Failure e) {
            String problem =
                    e.refusal()
                            ? "the chat template %s has %s, which isn't known to give here what"
                                    + " Jinja gives; name another one, such as vicuna"
                            : "the chat template %s has no form for these messages: %s";
            throw new IllegalArgumentException(problem.formatted(name, e.getMessage()), e);
        }
    }

    private static Map<String, Object> values(Message message) {
        return Map.of(
                "role", message.role().name().toLowerCase(Locale.ROOT), "content", message.text());
    }

    /**
     * {@inheritDoc}
     *
     * <p>Where the tokenizer doesn't know special tokens in a text, or a message spells one, the
     * rendered text is cut at the template's own special tokens, and what stands between them is
     * encoded as plain text.
     */
    @Override
    public long[] prompt(Tokenizer tokenizer, List<Message> messages) {
        String text = render(messages, true);
        Set<String> special =
                marks.all().stream()
                        .filter(mark -> tokenizer.id(mark).isPresent())
                        .collect(Collectors.toSet());
        boolean known =
                special.stream()
                        .allMatch(m -> Arrays.equals(tokenizer.encode(m), id(tokenizer, m)));
        boolean plain =
                messages.stream().map(Message::text).allMatch(m -> isPlain(tokenizer, m, special));
        if (known && plain) {
            return tokenizer.encode(text);
        }
        String guarded = plain ? text : render(guarded(messages, special), true);
        if (!guarded.replace(GUARD, "").equals(text)) {
            throw new IllegalArgumentException(
                    "a message spells a special token (%s), which the chat template %s looks for: write it otherwise"
                            .formatted(String.join(" ", special), name));
        }
        boolean spaced = known ? spaced(tokenizer, special) : marks.legacy();
        return cut(tokenizer, guarded, special, spaced);
    }

    private static boolean isPlain(Tokenizer tokenizer, String text, Set<String> special) {
        return special.stream().noneMatch(text::contains)
                && Arrays.equals(tokenizer.encode(text), tokenizer.encodeLiteral(text));
    }

    private static long[] id(Tokenizer tokenizer, String mark) {
        return new long[] {tokenizer.id(mark).orElseThrow()};
    }

    private List<Message> guarded(List<Message> messages, Set<String> special) {
        List<Message> guarded = new ArrayList<>();
        for (Message message : messages) {
            String text = message.text();
            if (text.contains(GUARD)) {
                throw new IllegalArgumentException("a message has the private letter U+E0FF");
            }
            for (String mark : longestFirst(special)) {
                int first = mark.offsetByCodePoints(0, 1);
                text = text.replace(mark, mark.substring(0, first) + GUARD + mark.substring(first));
            }
            guarded.add(new Message(message.role(), text));
        }
        return guarded;
    }

    /** Tells whether a tokenizer.json puts its space before each text behind a special token. */
    private static boolean spaced(Tokenizer tokenizer, Set<String> special) {
        String mark = special.iterator().next();
        long[] after = tokenizer.encode(mark + "a");
        long[] alone = tokenizer.encodeLiteral("a");
        return Arrays.equals(Arrays.copyOfRange(after, 1, after.length), alone);
    }

    private static long[] cut(
            Tokenizer tokenizer, String text, Set<String> special, boolean spaced) {
        LongStream.Builder ids = LongStream.builder();
        Matcher mark =
                Pattern.compile(
                                longestFirst(special).stream()
                                        .map(Pattern::quote)
                                        .collect(Collectors.joining("|")))
                        .matcher(text);
        int from = 0;
        boolean first = true;
        while (from <= text.length()) {
            boolean found = !special.isEmpty() && mark.find(from);
            String run = text.substring(from, found ? mark.start() : text.length());
            if (!run.isEmpty()) {
                String plain = run.replace(GUARD, "");
                LongStream.of(
                                first || spaced
                                        ? tokenizer.encodeLiteral(plain)
                                        : tokenizer.encodeContinuation(plain))
                        .forEach(ids);
                first = false;
            }
            if (!found) {
                break;
            }
            ids.add(tokenizer.id(mark.group()).orElseThrow());
            from = mark.end();
        }
        return ids.build().toArray();
    }

    private static List<String> longestFirst(Set<String> marks) {
        return marks.stream()
                .sorted(Comparator.comparing(String::length).reversed().thenComparing(m -> m))
                .toList();
    }

    /** {@inheritDoc} They are what the template writes between an answer and the next question. */
    @Override
    public List<String> stops() {
        return stops;
    }

    private List<String> findStops() {
        List<Message> turns =
                List.of(
                        new Message(Role.USER, QUESTION + 1),
                        new Message(Role.ASSISTANT, ANSWER + 1),
                        new Message(Role.USER, QUESTION + 2));
        String text;
        try {
            text = render(turns, true);
        } catch (IllegalArgumentException e) {
            return List.of(); // told when it is rendered for someone
        }
        int answer = text.indexOf(ANSWER + 1);
        int question = text.indexOf(QUESTION + 2);
        if (answer < 0 || question < answer) {
            return List.of();
        }
        String between = text.substring(answer + ANSWER.length() + 1, question).strip();
        for (String mark : longestFirst(marks.all())) {
            if (between.startsWith(mark)) {
                return List.of(mark);
            }
        }
        return between.isEmpty() ? List.of() : List.of(between);
    }
}
