package ai.llm360.analysis.evaluate;

import ai.llm360.analysis.code.Sandbox;
import ai.llm360.analysis.code.Verdict;
import ai.llm360.analysis.task.Request;
import ai.llm360.analysis.task.Target;
import ai.llm360.analysis.task.TaskItem;
import ai.llm360.analysis.task.TaskPage;
import ai.llm360.io.internal.Workers;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** Evaluates a model on tasks, one task after the other. */
public final class Evaluation {

    private final EvaluationTasks tasks;
    private final Sandbox sandbox;
    private final int replicates;

    private Evaluation(EvaluationTasks tasks, Sandbox sandbox, int replicates) {
        this.tasks = tasks;
        this.sandbox = sandbox;
        this.replicates = replicates;
    }

    /** Returns an evaluation that runs no generated code. */
    public static Evaluation of(EvaluationTasks tasks) {
        return new Evaluation(tasks, null, StandardErrors.REPLICATES);
    }

    /** {@return whether a task's answers are programs that have to be run} */
    public static boolean runsCode(EvaluationTasks tasks) {
        return tasks.tasks().stream()
                .flatMap(asked -> asked.items().items().stream().limit(1))
                .anyMatch(item -> item.target() instanceof Target.Program);
    }

    /** {@return the same evaluation, which runs generated code in a sandbox} */
    public Evaluation with(Sandbox code) {
        return new Evaluation(tasks, code, replicates);
    }

    /**
     * {@return the same evaluation with another number of bootstrap replicates than 100,000}
     *
     * @param count at least 1
     */
    public Evaluation withReplicates(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("replicates are 1 or more, not " + count);
        }
        return new Evaluation(tasks, sandbox, count);
    }

    /** Takes each task's result as soon as it is there. */
    @FunctionalInterface
    public interface Listener {

        /** Takes a result. */
        void finished(TaskResult result) throws IOException;
    }

    /**
     * Asks a model and measures its answers.
     *
     * @param answerer the model
     * @param listener takes the result of a task before the next task is begun
     * @return the tasks' results in their order
     * @throws IllegalArgumentException if a task needs a sandbox and there is none; nothing has
     *     been asked then
     * @throws IOException if a program can't be started, or by the listener
     */
    public List<TaskResult> run(Answerer answerer, Listener listener) throws IOException {
        if (sandbox == null && runsCode(tasks)) {
            throw new IllegalArgumentException(
                    "a task runs the code that the model writes; allow that, with a sandbox");
        }
        List<TaskResult> results = new ArrayList<>();
        for (EvaluationTasks.Asked asked : tasks.tasks()) {
            TaskResult result = result(asked, answers(answerer, asked.items().items()));
            listener.finished(result);
            results.add(result);
        }
        return results;
    }

    /** Returns the responses to each document's requests. */
    private static List<List<Response>> answers(Answerer answerer, List<TaskItem> items) {
        List<Request> requests = items.stream().flatMap(item -> item.requests().stream()).toList();
        List<Response> responses = answerer.answer(requests);
        List<List<Response>> byItem = new ArrayList<>();
        int next = 0;
        for (TaskItem item : items) {
            int end = next + item.requests().size();
            byItem.add(responses.subList(next, end));
            next = end;
        }
        return byItem;
    }

    private TaskResult result(EvaluationTasks.Asked asked, List<List<Response>> responses)
            throws IOException {
        TaskPage page = asked.task().page(tasks.profile());
        List<AnswerFilter> filters =
                page.filters().isEmpty()
                        ? List.of(new AnswerFilter())
                        : page.filters().stream().map(AnswerFilter::new).toList();
        List<Metric> metrics = Metric.of(page);
        SampleLog log = new SampleLog(page);
        List<MetricResult> measured = new ArrayList<>();
        List<JsonObject> samples = new ArrayList<>();
        for (AnswerFilter filter : filters) {
            Map<Metric, List<Score>> all = new LinkedHashMap<>();
            for (Answer answer : filtered(filter, asked.items().items(), responses)) {
                Map<Metric, Score> scores = new LinkedHashMap<>();
                for (Metric metric : metrics) {
                    Score score = metric.of().apply(answer);
                    scores.put(metric, score);
                    all.computeIfAbsent(metric, key -> new ArrayList<>()).add(score);
                }
                samples.add(log.line(filter.name(), answer, scores));
            }
            all.forEach((metric, scores) -> measured.add(measured(metric, filter, scores)));
        }
        return new TaskResult(
                EvaluationTasks.name(asked.task(), tasks.profile()),
                asked.task(),
                asked.items(),
                measured,
                samples,
                SampleLog.hash(samples));
    }

    private MetricResult measured(Metric metric, AnswerFilter filter, List<Score> scores) {
        return new MetricResult(
                metric.name(),
                filter.name(),
                metric.aggregation().of(scores),
                metric.aggregation().error(scores, replicates),
                metric.higherIsBetter());
    }

    private List<Answer> filtered(
            AnswerFilter filter, List<TaskItem> items, List<List<Response>> responses)
            throws IOException {
        List<List<String>> texts = new ArrayList<>();
        List<Callable<Verdict>> programs = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            List<String> own =
                    responses.get(i).get(0) instanceof Response.Generation generation
                            ? filter.apply(generation.texts())
                            : List.of();
            texts.add(own);
            if (items.get(i).target() instanceof Target.Program program) {
                own.forEach(
                        text ->
                                programs.add(
                                        () ->
                                                sandbox.run(
                                                        program.prefix()
                                                                + text
                                                                + "\n"
                                                                + program.test())));
            }
        }
        List<Verdict> verdicts = run(programs);
        List<Answer> answers = new ArrayList<>();
        int next = 0;
        for (int i = 0; i < items.size(); i++) {
            int end = next + (programs.isEmpty() ? 0 : texts.get(i).size());
            answers.add(
                    new Answer(
                            items.get(i),
                            responses.get(i),
                            texts.get(i),
                            verdicts.subList(next, end)));
            next = end;
        }
        return answers;
    }

    private static List<Verdict> run(List<Callable<Verdict>> programs) throws IOException {
        if (programs.isEmpty()) {
            return List.of();
        }
        try (Workers workers =
                new Workers("generated-code", Runtime.getRuntime().availableProcessors())) {
            return workers.all(programs);
        }
    }
}
