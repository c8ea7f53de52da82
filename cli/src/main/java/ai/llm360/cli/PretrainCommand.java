package ai.llm360.cli;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.common.train.TrainingPlan;
import ai.llm360.common.train.TrainingResult;
import ai.llm360.common.train.TrainingRun;
import ai.llm360.zoo.Reference;
import ai.llm360.zoo.reproduce.DataRecipes;
import ai.llm360.zoo.reproduce.Pretraining;
import ai.llm360.zoo.reproduce.Recipes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 pretrain}: trains a model by a recipe, from nothing or from a checkpoint. */
@Command(
        name = "pretrain",
        description = {
            "Trains a model by a recipe, with a checkpoint after each chunk of the data.",
            "Ctrl-C ends it after the current step, with a point to resume from; --resume then"
                    + " goes on to the same bits as if nothing had happened.",
            "A recipe may have phases: each is trained in DIR/PHASE, and begins with the weights"
                    + " that the one before ended with. RECIPE/PHASE is a phase as a recipe by"
                    + " itself."
        },
        footer = {
            "",
            "--json prints {\"run\", \"finished\", \"step\", \"tokens\", \"loss\"} at the end; how"
                    + " it goes on is printed to standard error; of a recipe in phases {\"run\","
                    + " \"finished\", \"phases\"}. Exit status: 0 when finished, 130 when stopped"
                    + " before."
        })
final class PretrainCommand extends Verb {

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "RECIPE",
            description =
                    "A file of YAML or JSON, or a name: amber-7b, amber-160m, amber-nano,"
                            + " crystalcoder-7b-phase1 (-phase2, -phase3), crystalcoder-nano."
                            + " Without one, --resume takes the run's own configuration.")
    private String recipe;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "The run's directory, which is made.")
    private Path out;

    @Option(
            names = "--set",
            paramLabel = "PATH=VALUE",
            description =
                    "Change one value of the recipe, such as batch.micro=4 or"
                            + " data.path=my-data. May be repeated. A relative data.path starts at"
                            + " the working directory.")
    private List<String> assignments = List.of();

    @Option(
            names = "--from",
            paramLabel = "REF",
            description =
                    "Begin with the weights of a checkpoint: model@checkpoint or a path. Optimizer,"
                            + " schedule and steps begin anew.")
    private String from;

    @Option(
            names = "--phase",
            paramLabel = "NAME",
            description =
                    "Train this phase of the recipe alone, into DIR/NAME; without --from it begins"
                            + " where the phase before ended in DIR.")
    private String phase;

    @Option(names = "--resume", description = "Go on with the run in DIR.")
    private boolean resume;

    @Option(
            names = "--allow-change",
            description =
                    "With --resume: go on with other data, steps, schedule, validation,"
                        + " checkpoints, anomaly, recompute_layers or batch.micro than before, and"
                        + " record it.")
    private boolean allowChange;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            converter = DeviceOption.class,
            description = "cpu, cuda or cuda:N. Default: the first GPU, else the CPU.")
    private Device device;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "fp32 or bf16: what products are computed in; as --set precision=TYPE.")
    private String dtype;

    @Option(
            names = "--portable",
            description =
                    "Compute the same bits on every x86-64 Linux, on its CPU with two threads, in"
                            + " more than twice the time; as --set portable=true.")
    private boolean portable;

    @Option(
            names = "--plan",
            description = "Print steps, tokens, memory and time, and train nothing.")
    private boolean planOnly;

    @Option(
            names = "--flops",
            paramLabel = "RATE",
            description =
                    "The device's floating-point operations a second, such as 989e12. --plan then"
                            + " tells the time, a run its share of that rate (MFU).")
    private double peakFlops;

    private record Result(String run, boolean finished, long step, long tokens, Double loss) {}

    /** The plans of a recipe in phases, for {@code --json}. */
    private record Results(String run, boolean finished, List<Result> phases) {}

    @Override
    public Integer call() throws IOException, ModelNotFoundException {
        checkUse();
        if (device != null) {
            DeviceOption.require(device);
        }
        ConfigTree tree = tree();
        List<TrainingPhase> all = TrainingPhase.of(tree);
        all.forEach(each -> DataRecipes.check(each.recipe()));
        List<TrainingPhase> chosen = phase == null ? all : List.of(TrainingPhase.find(all, phase));
        if (planOnly) {
            return plan(chosen);
        }
        for (TrainingPhase next : chosen) {
            requireData(next, tree);
        }
        Pretraining.Builder training =
                Pretraining.builder()
                        .setRecipe(tree)
                        .setOut(out)
                        .optPhase(phase)
                        .optDevice(device)
                        .optFlops(peakFlops)
                        .optResuming(resuming());
        List<Pretraining.Outcome> outcomes = TrainingProgress.show(training, terminal());
        boolean finished =
                outcomes.size() == chosen.size()
                        && outcomes.stream().allMatch(outcome -> outcome.result().finished());
        report(outcomes, finished, all);
        return finished ? 0 : Failures.INTERRUPTED;
    }

    private Pretraining.Resuming resuming() {
        if (!resume) {
            return Pretraining.Resuming.REFUSED;
        }
        return allowChange ? Pretraining.Resuming.CHANGED : Pretraining.Resuming.UNCHANGED;
    }

    private void checkUse() {
        if (recipe == null && !(resume && out != null)) {
            throw wrong("Missing RECIPE: give one, or --resume --out=DIR");
        }
        if (out == null && !planOnly) {
            throw wrong("Missing --out=DIR: where the run is kept");
        }
        if (allowChange && !resume) {
            throw wrong("--allow-change goes with --resume");
        }
        if (!Double.isFinite(peakFlops) || peakFlops < 0) {
            throw wrong("--flops must be a positive number, such as 989e12");
        }
    }

    private ConfigTree tree() throws IOException, ModelNotFoundException {
        ConfigTree tree = recipe == null ? Pretraining.savedRecipe(out) : Recipes.read(recipe);
        for (String assignment : assignments) {
            tree = tree.with(assignment);
        }
        if (phase != null) {
            TrainingPhase.find(TrainingPhase.of(tree), phase); // else --from would add it
        }
        if (from != null) {
            String at = phase == null ? "" : TrainingPhase.PART + "." + phase + ".";
            String path = planOnly ? from : Reference.resolve(from).toString();
            tree = tree.with(at + "start.checkpoint", path);
        }
        if (portable) {
            tree = tree.with("portable", true);
        }
        return dtype == null ? tree : tree.with("precision", dtype);
    }

    /** A recipe that says how its data is made leaves no doubt what to do. */
    private void requireData(TrainingPhase next, ConfigTree tree) {
        Path data = Path.of(TrainingRun.config(next.recipe()).data().path());
        if (!Files.exists(data) && next.recipe().get(DataRecipes.PART).isPresent()) {
            throw new ConfigException(
                    "no data at %s; this makes it: llm360 data prepare %s --out=%s"
                            .formatted(data, recipe, tree.get("data.path").orElseThrow()));
        }
    }

    private int plan(List<TrainingPhase> phases) throws IOException {
        List<TrainingPlan> plans = new ArrayList<>();
        for (TrainingPhase next : phases) {
            plans.add(
                    Pretraining.plan(
                            next, warning -> terminal().err().println("warning: " + warning)));
        }
        PlanReport.print(plans, peakFlops, output);
        Device where = deviceOrDefault();
        plans.forEach(plan -> plan.checkFits(where));
        return 0;
    }

    private Device deviceOrDefault() {
        if (device != null) {
            return device;
        }
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            return manager.getDevice();
        }
    }

    private void report(
            List<Pretraining.Outcome> outcomes, boolean finished, List<TrainingPhase> all) {
        List<Result> results = outcomes.stream().map(PretrainCommand::result).toList();
        boolean single = all.get(0).name().isEmpty();
        output.result(
                single ? results.get(0) : new Results(out.toString(), finished, results),
                () -> outcomes.forEach(outcome -> output.line(sentence(outcome))));
    }

    private static Result result(Pretraining.Outcome outcome) {
        TrainingResult result = outcome.result();
        return new Result(
                outcome.run().toString(),
                result.finished(),
                result.state().step(),
                result.state().tokens(),
                outcome.last().map(StepMetrics::loss).orElse(null));
    }

    private static String sentence(Pretraining.Outcome outcome) {
        Result result = result(outcome);
        return "%s: %s at step %d of %d%s"
                .formatted(
                        result.run,
                        result.finished ? "finished" : "stopped",
                        result.step,
                        outcome.plan().steps(),
                        result.loss == null ? "" : ", loss " + Output.decimal(result.loss, 4));
    }
}
