package ai.llm360.analysis.task;

import ai.llm360.common.config.ConfigException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A task as its page of YAML says it, for one profile. docs/evaluation.md describes the keys.
 *
 * @param name the task's name, as lm-evaluation-harness spells it
 * @param version the version of the harness' task, such as {@code 1.0}
 * @param aliases other names by which it is found
 * @param tags names of sets of tasks that it belongs to
 * @param only the one profile that knows the task; empty if all do
 * @param kind what is asked of a model
 * @param source where the public files come from, for errors
 * @param forms the forms in which its files come; the first one that is found is read
 * @param where which documents of a file a split takes, by the split's name; all where absent
 * @param split the split whose documents are evaluated
 * @param shots how examples are drawn
 * @param prompt what is said to a model
 * @param generation how an answer is generated, in tasks of that kind
 * @param filters how an answer is taken out of a generated text; none takes the text as it is
 * @param metrics what is measured
 * @param groups groups of tasks, by name
 */
public record TaskPage(
        String name,
        String version,
        List<String> aliases,
        List<String> tags,
        Optional<String> only,
        Kind kind,
        String source,
        List<Form> forms,
        Map<String, Selection> where,
        String split,
        Shots shots,
        Prompt prompt,
        Generation generation,
        List<Filter> filters,
        List<Metric> metrics,
        Map<String, Group> groups) {

    /** The values that count where a page gives none. */
    static final TaskPage DEFAULTS =
            new TaskPage(
                    null,
                    "0.0",
                    List.of(),
                    List.of(),
                    Optional.empty(),
                    Kind.CHOICE,
                    "",
                    null,
                    Map.of(),
                    "test",
                    new Shots(0, false, "train", Rule.SAMPLE, false),
                    new Prompt(
                            "",
                            "",
                            Optional.empty(),
                            List.of(),
                            List.of(),
                            "",
                            Optional.empty(),
                            List.of(),
                            " ",
                            "\n\n",
                            Optional.empty(),
                            Optional.empty()),
                    new Generation(List.of(), 256, 0, 1, 1),
                    List.of(),
                    null,
                    Map.of());

    public TaskPage {
        if (name != null) { // the defaults have none
            require(!forms.isEmpty(), "forms: none; expected at least one form of files");
            require(!metrics.isEmpty(), "metrics: none; expected at least one");
            boolean choices =
                    !prompt.choices.isEmpty()
                            || !prompt.contexts.isEmpty()
                            || !prompt.parts.isEmpty();
            require(
                    kind != Kind.CHOICE || choices,
                    "prompt.choices: none; a task of the kind choice has some");
            require(
                    kind != Kind.CHOICE || !prompt.parts.isEmpty() || prompt.gold.isPresent(),
                    "prompt.gold: missing; a task of the kind choice has the right choice there");
            require(
                    shots.number == 0 || kind != Kind.ROLLING,
                    "shots.number: a task of the kind rolling has none");
            only.ifPresent(Profile::named);
        }
    }

    private static void require(boolean holds, String problem) {
        if (!holds) {
            throw new ConfigException(problem);
        }
    }

    /** A kind of question to a model. */
    public enum Kind {
        /** The most probable one of several continuations. */
        CHOICE,
        /** The log-likelihood of one continuation, and whether it is the greedy one. */
        CONTINUATION,
        /** The log-likelihood of a whole text. */
        ROLLING,
        /** To write on. */
        GENERATION
    }

    /** The layout of a file. */
    public enum Format {
        /** A JSON object a line. */
        JSONL,
        /** One list of JSON objects. */
        JSON,
        /** Comma-separated values (RFC 4180). */
        CSV,
        /** Values separated by tabs, without quotes. */
        TSV,
        /** Lines of text: the field {@code text}; or {@code 0}, {@code 1}, … of several lines. */
        LINES,
        /** WikiText: a document {@code page} for each heading of the first level. */
        WIKITEXT
    }

    /**
     * A form in which files come.
     *
     * @param files the names of each split's file: a name or a path's end; {@code .gz} and {@code
     *     .bz2} may follow
     * @param archives the names of tar files that may hold them
     * @param format the layout
     * @param labels names of a second file with a label a line, which becomes the field {@code
     *     label}; {@code <stem>} stands for the first file's name without its extension
     * @param columns the columns' names of a file whose first line doesn't have them; a first line
     *     that begins and ends with the same names is skipped
     * @param lines the lines of one document, in the layout of lines
     * @param document the harness' fields, as templates of the file's; the file's own where absent
     * @param incomparable why results on such files can't be compared with published ones; empty if
     *     they can
     */
    public record Form(
            Map<String, List<String>> files,
            Optional<List<String>> archives,
            Format format,
            Optional<List<String>> labels,
            Optional<List<String>> columns,
            Optional<Integer> lines,
            Optional<Map<String, Object>> document,
            Optional<String> incomparable) {

        public Form {
            require(
                    lines.isEmpty() || (lines.get() >= 1 && lines.get() <= 1000),
                    "lines must be 1 to 1000");
        }
    }

    /**
     * Takes the documents whose field is in a range or starts with a text.
     *
     * @param field the field
     * @param from the smallest number that is taken
     * @param to the largest number that is taken
     * @param starts how the field's text starts
     */
    public record Selection(
            String field, Optional<Double> from, Optional<Double> to, Optional<String> starts) {}

    /** A rule by which examples are chosen from their pool. */
    public enum Rule {
        /** Drawn anew for each document. */
        SAMPLE,
        /** The pool's first ones. */
        FIRST
    }

    /**
     * The drawing of examples.
     *
     * @param number how many, unless the user says otherwise
     * @param fixed whether the user can't say otherwise
     * @param split the split that is their pool
     * @param rule how they are chosen
     * @param exclude whether one more is drawn, and the document itself left out
     */
    public record Shots(int number, boolean fixed, String split, Rule rule, boolean exclude) {

        public Shots {
            require(number >= 0 && number <= 1000, "number must be 0 to 1000");
        }
    }

    /**
     * The text that a model is given. All are templates but the delimiters.
     *
     * @param description what stands before everything
     * @param text the question
     * @param clean the text function that the whole question passes through
     * @param choices the choices; a template that is one place with a list stands for all of its
     *     elements
     * @param contexts in tasks whose choices differ before the answer, the question with each
     * @param answer the answer, in tasks without choices or with contexts
     * @param gold which choice is right
     * @param parts several questions on one document instead of choices and gold
     * @param delimiter what stands between question and answer, and begins a scored choice
     * @param shotDelimiter what follows an example
     * @param program what a generated program is tested by
     * @param counted the text whose words and bytes count in perplexity; the answer if absent
     */
    public record Prompt(
            String description,
            String text,
            Optional<String> clean,
            List<String> choices,
            List<String> contexts,
            String answer,
            Optional<Gold> gold,
            List<Part> parts,
            String delimiter,
            String shotDelimiter,
            Optional<Program> program,
            Optional<String> counted) {}

    /**
     * The right choice, by one of these.
     *
     * @param value the choice's index, or its label
     * @param labels the choices' labels, among which the value is looked up
     * @param flags a place with a 1 for each right choice
     * @param sum the second choice if the fields' sum is above a bound, else the first
     */
    public record Gold(
            Optional<String> value,
            Optional<List<String>> labels,
            Optional<String> flags,
            Optional<SumAbove> sum) {

        public Gold {
            long given = List.of(value, flags, sum).stream().filter(Optional::isPresent).count();
            require(given == 1, "gold: expected one of value, flags and sum");
        }
    }

    /**
     * A bound of a sum.
     *
     * @param fields the fields that are added
     * @param above the bound
     */
    public record SumAbove(List<String> fields, double above) {}

    /**
     * A question among several on one document.
     *
     * @param choices its choices
     * @param gold the right ones
     */
    public record Part(List<String> choices, Gold gold) {}

    /**
     * The text around a generated program.
     *
     * @param prefix what stands before it
     * @param test what stands behind it
     */
    public record Program(String prefix, String test) {}

    /**
     * The generation of an answer.
     *
     * @param until the strings that end it
     * @param maxTokens the largest number of tokens
     * @param temperature 0 for the most probable token at each step
     * @param topP the probability mass that is sampled from
     * @param repeats the number of answers
     */
    public record Generation(
            List<String> until, int maxTokens, double temperature, double topP, int repeats) {

        public Generation {
            require(maxTokens >= 1, "max_tokens must be at least 1");
            require(temperature >= 0, "temperature must be at least 0");
            require(topP > 0 && topP <= 1, "top_p must be above 0 and at most 1");
            require(repeats >= 1 && repeats <= 10_000, "repeats must be 1 to 10000");
        }
    }

    /**
     * A named way to take an answer out of a generated text: the match of a pattern of Python's re
     * by the harness' rules for its filter {@code regex}.
     *
     * @param name the filter's name, which results show behind a metric's
     * @param pattern the pattern; the whole text where absent
     * @param group the match that counts, from 0; −1 for the last
     * @param fallback the answer where nothing matches
     * @param majority whether the most frequent one of several answers counts, else the first
     */
    public record Filter(
            String name,
            Optional<String> pattern,
            Optional<Integer> group,
            Optional<String> fallback,
            Optional<Boolean> majority) {}

    /**
     * A measure.
     *
     * @param name the metric's name
     * @param higherIsBetter whether more is better, which is so where absent
     * @param options the metric's own settings
     */
    public record Metric(
            String name, Optional<Boolean> higherIsBetter, Optional<Map<String, Object>> options) {}

    /**
     * A group of tasks whose results are put together.
     *
     * @param alias the name that tables show
     * @param version the version of the harness' group
     * @param members tasks, tags and other groups
     * @param weighBySize whether a task counts by its documents, which is so where absent; else all
     *     tasks count the same
     */
    public record Group(
            Optional<String> alias,
            Optional<String> version,
            List<String> members,
            Optional<Boolean> weighBySize) {}
}
