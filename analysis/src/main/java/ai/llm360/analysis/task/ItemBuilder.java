package ai.llm360.analysis.task;

import ai.llm360.analysis.task.TaskPage.Kind;
import ai.llm360.analysis.task.TaskPage.Rule;
import ai.llm360.analysis.task.TaskPage.Shots;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Makes requests of documents and examples, in the order and with the draws of a profile. */
final class ItemBuilder {

    /** lm-eval@0.4.13's default --seed for examples. */
    private static final int SHOT_SEED = 1234;

    /** The seed by which lm-eval@b281b09 shuffles documents, and goes on to draw examples. */
    private static final int SHUFFLE_SEED = 42;

    private final TaskPage page;
    private final Profile profile;
    private final DocumentPrompt prompt;
    private final int shots;
    private final List<JsonObject> pool;
    private final IdentityHashMap<JsonObject, String> shotTexts = new IdentityHashMap<>();
    private PythonRandom random;

    ItemBuilder(TaskPage page, Profile profile, int shots, List<JsonObject> pool) {
        this.page = page;
        this.profile = profile;
        this.shots = shots;
        this.pool = pool;
        prompt = new DocumentPrompt(page.prompt());
        int needed = shots + (shots > 0 && draws() && page.shots().exclude() ? 1 : 0);
        if (needed > pool.size()) {
            throw new IllegalArgumentException(
                    "%s: %d shots need %d documents to draw from, there are %d; ask for fewer shots"
                            .formatted(page.name(), shots, needed, pool.size()));
        }
    }

    private boolean draws() {
        return page.shots().rule() == Rule.SAMPLE;
    }

    List<TaskItem> build(List<JsonObject> documents, int limit) {
        int[] order = new int[documents.size()];
        Arrays.setAll(order, i -> i);
        random = new PythonRandom(SHOT_SEED);
        if (profile == Profile.LM_EVAL_B281B09) {
            random = new PythonRandom(SHUFFLE_SEED);
            order = random.shuffled(documents.size());
        }
        List<TaskItem> items = new ArrayList<>();
        for (int index : Arrays.copyOf(order, Math.min(limit, order.length))) {
            try {
                items.add(item(index, documents.get(index)));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "%s, document %d: %s".formatted(page.name(), index + 1, e.getMessage()), e);
            }
        }
        return items;
    }

    private TaskItem item(int index, JsonObject document) {
        if (page.kind() == Kind.ROLLING) {
            String text = prompt.answer(document);
            String counted = prompt.counted(document);
            Target target = new Target.Page(PythonText.words(counted), utf8Length(counted));
            return new TaskItem(index, document, List.of(new Request.Rolling(text)), target);
        }
        String before =
                prompt.description(document)
                        + draw(document).stream().map(this::shot).collect(Collectors.joining());
        return switch (page.kind()) {
            case CHOICE -> choice(index, document, before);
            case CONTINUATION ->
                    new TaskItem(
                            index,
                            document,
                            List.of(
                                    new Request.LogLikelihood(
                                            before + prompt.text(document),
                                            prompt.answer(document))),
                            new Target.Continuation());
            default ->
                    new TaskItem(
                            index,
                            document,
                            List.of(generation(before + prompt.text(document))),
                            prompt.generated(document));
        };
    }

    private TaskItem choice(int index, JsonObject document, String before) {
        List<Target.Choices> questions = prompt.questions(document);
        Target target = questions.size() == 1 ? questions.get(0) : new Target.Parts(questions);
        Stream<String> choices = questions.stream().flatMap(one -> one.choices().stream());
        List<Request> requests;
        if (prompt.hasContexts()) {
            String continuation = prompt.delimiter() + prompt.answer(document);
            requests = choices.map(one -> pair(before + one, continuation)).toList();
        } else {
            String context = before + prompt.text(document);
            requests = choices.map(one -> pair(context, prompt.delimiter() + one)).toList();
        }
        return new TaskItem(index, document, requests, target);
    }

    private static Request pair(String context, String continuation) {
        return new Request.LogLikelihood(context, continuation);
    }

    private Request generation(String context) {
        TaskPage.Generation how = page.generation();
        return new Request.Generation(
                context,
                how.until(),
                how.maxTokens(),
                how.temperature(),
                how.topP(),
                how.repeats());
    }

    private String shot(JsonObject example) {
        return shotTexts.computeIfAbsent(example, one -> prompt.shot(one, profile));
    }

    /** Draws a document's examples. Documents are told apart by all of their fields. */
    private List<JsonObject> draw(JsonObject document) {
        Shots how = page.shots();
        if (shots == 0) {
            return List.of();
        }
        if (how.rule() == Rule.FIRST) {
            return pool.subList(0, shots);
        }
        if (!how.exclude()) {
            return random.sample(pool, shots);
        }
        List<JsonObject> drawn =
                others(document, random.sample(pool, shots + 1)).limit(shots).toList();
        if (drawn.size() < shots && profile == Profile.LM_EVAL_0_4_13) {
            // The pool has the document more than once.
            drawn = random.sample(others(document, pool).toList(), shots);
        }
        return drawn;
    }

    private static Stream<JsonObject> others(JsonObject document, List<JsonObject> documents) {
        return documents.stream().filter(one -> !one.equals(document));
    }

    private static long utf8Length(String text) {
        return text.codePoints()
                .mapToLong(c -> c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4)
                .sum();
    }
}
