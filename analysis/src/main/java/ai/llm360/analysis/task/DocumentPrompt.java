package ai.llm360.analysis.task;

import ai.llm360.analysis.task.TaskPage.Gold;
import ai.llm360.analysis.task.TaskPage.Prompt;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** A document's prompt, by its task's page. */
final class DocumentPrompt {

    /** Choices and which of them is right. */
    private record Question(List<Template> choices, GoldRule gold) {

        Target.Choices of(JsonObject document) {
            List<String> texts = DocumentPrompt.texts(choices, document);
            List<Integer> right = gold.of(document);
            for (int index : right) {
                if (index < 0 || index >= texts.size()) {
                    throw new IllegalArgumentException(
                            "the right choice is number %d of %d, counted from 0"
                                    .formatted(index, texts.size()));
                }
            }
            return new Target.Choices(texts, right);
        }
    }

    private final Prompt prompt;
    private final Template description;
    private final Template text;
    private final Template answer;
    private final TextFunctions.Function clean;
    private final List<Question> questions = new ArrayList<>();

    DocumentPrompt(Prompt prompt) {
        this.prompt = prompt;
        description = Template.parse(prompt.description());
        text = Template.parse(prompt.text());
        answer = Template.parse(prompt.answer());
        clean = prompt.clean().map(name -> TextFunctions.named(name, 0)).orElse(null);
        List<String> choices = prompt.contexts().isEmpty() ? prompt.choices() : prompt.contexts();
        prompt.gold().ifPresent(gold -> questions.add(question(choices, gold)));
        prompt.parts().forEach(part -> questions.add(question(part.choices(), part.gold())));
    }

    private static Question question(List<String> choices, Gold gold) {
        return new Question(choices.stream().map(Template::parse).toList(), new GoldRule(gold));
    }

    String description(JsonObject document) {
        return description.text(document);
    }

    /** Returns whether the choices are contexts before one answer. */
    boolean hasContexts() {
        return !prompt.contexts().isEmpty();
    }

    /** Returns the question, cleaned. */
    String text(JsonObject document) {
        String said = text.text(document);
        return clean == null ? said : clean.apply(said, List.of()).get(0);
    }

    String answer(JsonObject document) {
        return answer.text(document);
    }

    /** Returns the questions on a document, of which most tasks have one. */
    List<Target.Choices> questions(JsonObject document) {
        return questions.stream().map(question -> question.of(document)).toList();
    }

    String delimiter() {
        return prompt.delimiter();
    }

    /** Returns an example: question, answer, and what follows it. */
    String shot(JsonObject document, Profile profile) {
        String asked = text(document);
        String answered;
        if (questions.isEmpty()) {
            answered = answer(document);
        } else {
            Target.Choices choices = questions(document).get(0);
            String right = choices.choices().get(choices.gold().get(0));
            asked = hasContexts() ? right : asked;
            answered = hasContexts() ? answer(document) : right;
        }
        // The harness of today takes an empty answer for none.
        return profile == Profile.LM_EVAL_0_4_13 && answered.isEmpty()
                ? asked
                : asked + delimiter() + answered + prompt.shotDelimiter();
    }

    /** Returns what a generated text is compared with or tested by. */
    Target generated(JsonObject document) {
        return prompt.program()
                .<Target>map(
                        program ->
                                new Target.Program(
                                        Template.parse(program.prefix()).text(document),
                                        Template.parse(program.test()).text(document)))
                .orElseGet(() -> new Target.Text(answer(document)));
    }

    /** Returns the text whose words and bytes count. */
    String counted(JsonObject document) {
        return prompt.counted()
                .map(counted -> Template.parse(counted).text(document))
                .orElseGet(() -> answer(document));
    }

    private static List<String> texts(List<Template> templates, JsonObject document) {
        return templates.stream().flatMap(template -> template.texts(document).stream()).toList();
    }

    /** Finds the right choices of a document. */
    private static final class GoldRule {

        private final Gold gold;
        private final Template value;
        private final List<Template> labels;

        GoldRule(Gold gold) {
            this.gold = gold;
            value = Template.parse(gold.value().or(gold::flags).orElse(""));
            labels = gold.labels().orElse(List.of()).stream().map(Template::parse).toList();
        }

        List<Integer> of(JsonObject document) {
            if (gold.flags().isPresent()) {
                List<String> flags = value.texts(document);
                List<Integer> right =
                        IntStream.range(0, flags.size())
                                .filter(i -> flags.get(i).equals("1"))
                                .boxed()
                                .toList();
                if (right.isEmpty()) {
                    throw new IllegalArgumentException("no choice is marked as right");
                }
                return right;
            }
            if (gold.sum().isPresent()) {
                double sum = 0;
                for (String field : gold.sum().get().fields()) {
                    sum += Double.parseDouble(Template.parse("{" + field + "}").text(document));
                }
                return List.of(sum > gold.sum().get().above() ? 1 : 0);
            }
            String found = value.text(document);
            if (labels.isEmpty()) {
                if (!found.matches("\\d{1,6}")) {
                    throw new IllegalArgumentException(
                            "'%s' is no index of a choice".formatted(found));
                }
                return List.of(Integer.valueOf(found));
            }
            List<String> known = texts(labels, document);
            int index = known.indexOf(found);
            if (index < 0) {
                throw new IllegalArgumentException(
                        "'%s' is none of the choices' labels %s".formatted(found, known));
            }
            return List.of(index);
        }
    }
}
