package ai.llm360.cli;

import ai.djl.ModelException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.analysis.code.Confinement;
import ai.llm360.analysis.code.Sandbox;
import ai.llm360.analysis.code.SandboxLimits;
import ai.llm360.analysis.evaluate.Answerer;
import ai.llm360.analysis.evaluate.EvaluatedModel;
import ai.llm360.analysis.evaluate.Evaluation;
import ai.llm360.analysis.evaluate.EvaluationRun;
import ai.llm360.analysis.evaluate.EvaluationTasks;
import ai.llm360.analysis.evaluate.ModelAnswerer;
import ai.llm360.analysis.evaluate.ResultsFile;
import ai.llm360.analysis.evaluate.TaskResult;
import ai.llm360.analysis.task.Profile;
import ai.llm360.analysis.task.TaskData;
import ai.llm360.analysis.task.TaskLibrary;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.Criteria;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 evaluate}: measures a model on benchmarks. */
@Command(
        name = "evaluate",
        description = {
            "Measures a model on benchmarks, by lm-evaluation-harness' rules.",
            "The benchmarks' files are yours: docs/evaluation.md names those that each task reads."
                    + " A task that was finished stays in --out and --samples when a later one"
                    + " fails or is interrupted."
        },
        footer = {
            "",
            "--json prints what --out writes: lm-evaluation-harness' own results, and under llm360"
                    + " what it has no name for. With --hash-requests it prints {\"profile\","
                    + " \"tasks\"}, of each task {\"docs\", \"requests\", \"sha256_nul_joined\","
                    + " \"sha256_json\"}."
        })
final class EvaluateCommand extends Verb {

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "REF",
            completionCandidates = ModelNames.class,
            description = ModelOptions.DESCRIPTION + " --hash-requests needs none.")
    private String reference;

    @Option(
            names = "--tasks",
            required = true,
            split = ",",
            paramLabel = "TASK",
            description =
                    "Tasks, groups such as mmlu, patterns such as mmlu_*, or paths of pages of"
                            + " your own, which end in .yaml; several with commas.")
    private List<String> names;

    @Option(
            names = "--data",
            required = true,
            paramLabel = "DIR",
            description = "The directory with the benchmarks' files, there or below.")
    private Path data;

    @Option(
            names = "--shots",
            paramLabel = "N",
            description =
                    "Examples before each question. Default: the task's own. Tasks with a fixed"
                            + " number keep it.")
    private Integer shots;

    @Option(
            names = "--shots-from",
            paramLabel = "FILE",
            description = "Draw the examples from FILE, where the task's training file isn't here.")
    private Path shotsFrom;

    @Option(
            names = "--profile",
            paramLabel = "PROFILE",
            defaultValue = "lm-eval@0.4.13",
            description =
                    "Whose rules are followed: lm-eval@0.4.13, or lm-eval@b281b09, by which"
                            + " LLM360's paper measured. Default: lm-eval@0.4.13.")
    private String profile;

    @Option(
            names = "--limit",
            paramLabel = "N",
            description = "The first N documents of each task. Default: all.")
    private Integer limit;

    @Option(
            names = "--out",
            paramLabel = "PATH",
            description =
                    "Write the results as JSON; into a directory as results_ and the time, as"
                            + " lm-evaluation-harness names them.")
    private Path out;

    @Option(
            names = "--samples",
            paramLabel = "PATH",
            description =
                    "Write what was asked, answered and measured of each document, one JSON object"
                            + " a line; into a directory one file for each task.")
    private Path samples;

    @Option(
            names = "--hash-requests",
            description = "Print hashes of the requests, and ask no model.")
    private boolean hashRequests;

    @Option(
            names = "--allow-code-execution",
            description =
                    "Run the programs that the model writes, in a sandbox without files and"
                            + " network. Tasks such as humaneval need it.")
    private boolean allowCode;

    @Option(
            names = "--allow-unconfined",
            description =
                    "Run them also where this machine has no means to keep files and network from"
                            + " them.")
    private boolean allowUnconfined;

    @Mixin private LoadOptions options;

    @Override
    public Integer call() throws ModelException, IOException {
        check();
        requireDirectory(out);
        requireDirectory(samples);
        Profile rules = Profile.named(profile);
        EvaluationTasks tasks =
                EvaluationTasks.read(
                        TaskLibrary.open(),
                        names,
                        rules,
                        optional(shots),
                        TaskData.in(data),
                        Optional.ofNullable(shotsFrom),
                        optional(limit));
        if (hashRequests) {
            EvaluationReport.hashes(output, tasks);
            return 0;
        }
        boolean code = Evaluation.runsCode(tasks);
        if (code && !allowCode) {
            throw wrong(
                    "a task runs the programs that the model writes; give --allow-code-execution"
                            + " to run them in a sandbox");
        }
        CheckpointEntry checkpoint = options.find(reference);
        try (Sandbox sandbox = code ? sandbox() : null;
                ZooModel<String, String> loaded = options.load(reference, checkpoint)) {
            TextGenerator generator = Criteria.generator(loaded);
            EvaluationRun run =
                    new EvaluationRun(
                            EvaluatedModel.of(reference, checkpoint, generator, options.dtype()),
                            new Version().getVersion()[0],
                            loaded.getNDManager().getDevice().toString(),
                            Instant.now(),
                            optional(limit),
                            Optional.ofNullable(sandbox).map(Sandbox::confinement));
            Evaluation evaluation = Evaluation.of(tasks);
            evaluate(
                    tasks,
                    new ResultsFile(tasks, run),
                    sandbox == null ? evaluation : evaluation.with(sandbox),
                    new ModelAnswerer(generator, rules));
        }
        return 0;
    }

    private void check() {
        if (reference == null && !hashRequests) {
            throw wrong("Missing model: give REF, or --hash-requests to ask none");
        }
        if (shots != null && (shots < 0 || shots > 1000)) {
            throw wrong("--shots must be 0 to 1000, not " + shots);
        }
        if (limit != null && limit < 1) {
            throw wrong("--limit must be 1 or more, not " + limit);
        }
        if (allowUnconfined && !allowCode) {
            throw wrong("--allow-unconfined is of no use without --allow-code-execution");
        }
    }

    /** Checks early: hours of work shouldn't fail at their end. */
    private static void requireDirectory(Path file) throws IOException {
        Path parent = file == null ? null : file.toAbsolutePath().getParent();
        if (parent != null && !Files.isDirectory(parent)) {
            throw new NotDirectoryException(parent.toString());
        }
    }

    private Sandbox sandbox() throws IOException {
        Sandbox sandbox;
        try {
            sandbox = Sandbox.open(SandboxLimits.DEFAULT, allowUnconfined);
        } catch (IOException e) {
            throw allowUnconfined
                    ? e
                    : new IOException(e.getMessage() + " (--allow-unconfined)", e);
        }
        Confinement seen = sandbox.confinement();
        if (!seen.missing().isEmpty()) {
            terminal()
                    .say(
                            "generated code runs with this user's files and network: "
                                    + seen.missing());
        }
        return sandbox;
    }

    private void evaluate(
            EvaluationTasks tasks, ResultsFile file, Evaluation evaluation, Answerer answerer)
            throws IOException {
        List<TaskResult> finished = new ArrayList<>();
        try (Meter meter = Meter.counting(terminal())) {
            meter.reset("tasks", tasks.tasks().size(), null);
            evaluation.run(
                    answerer,
                    result -> {
                        finished.add(result);
                        if (samples != null) {
                            file.writeSamples(samples, result);
                        }
                        if (out != null) {
                            file.write(out, finished);
                        }
                        meter.update(finished.size(), null);
                    });
        }
        if (output.json()) {
            output.json(file.json(finished));
        } else {
            EvaluationReport.print(output, finished, file.groups(finished));
        }
    }

    private static OptionalInt optional(Integer value) {
        return value == null ? OptionalInt.empty() : OptionalInt.of(value);
    }
}
