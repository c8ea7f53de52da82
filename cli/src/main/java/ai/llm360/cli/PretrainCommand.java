package ai.llm360.cli;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.DataManifest;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.nn.CausalDecoder;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingPlan;
import ai.llm360.common.train.TrainingResult;
import ai.llm360.common.train.TrainingRun;
import ai.llm360.zoo.Criteria;
import ai.llm360.zoo.DataRecipes;
import ai.llm360.zoo.Recipes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code llm360 pretrain}: trains a model from nothing, by a recipe. */
@Command(
        name = "pretrain",
        description = {
            "Trains a model by a recipe, with a checkpoint after each chunk of the data.",
            "Ctrl-C ends it after the current step, with a point to resume from; --resume then"
                    + " goes on to the same bits as if nothing had happened."
        },
        footer = {
            "",
            "--json prints {\"run\", \"finished\", \"step\", \"tokens\", \"loss\"} at the end; how"
                    + " it goes on is printed to standard error. Exit status: 0 when finished, 130"
                    + " when stopped before."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class PretrainCommand implements Callable<Integer> {

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "RECIPE",
            description =
                    "A file of YAML or JSON, or a name: amber-7b, amber-160m, amber-nano. Without"
                            + " one, --resume takes the run's own configuration.")
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

    @Mixin private Output output;
    @Spec private CommandSpec spec;

    private final Terminal terminal;

    PretrainCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    private record Result(String run, boolean finished, long step, long tokens, Double loss) {}

    @Override
    public Integer call() throws IOException {
        checkUse();
        ConfigTree tree = tree();
        TrainingConfig config = TrainingRun.config(tree);
        CausalDecoder decoder = Criteria.newBlockOf(ConfigTree.of(config.model()).toJson());
        if (device != null) {
            DeviceOption.require(device);
        }
        Path data = Path.of(config.data().path());
        if (planOnly && !Files.exists(data.resolve(DataManifest.FILE_NAME))) {
            return plan(TrainingPlan.of(config, decoder));
        }
        requireData(data, tree);
        try (TokenDataset dataset = TokenDataset.open(data)) {
            TrainingPlan plan = TrainingPlan.of(config, decoder, dataset.manifest());
            return planOnly ? plan(plan) : train(plan, decoder, dataset);
        }
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

    private ParameterException wrong(String problem) {
        return new ParameterException(spec.commandLine(), problem);
    }

    private ConfigTree tree() throws IOException {
        ConfigTree tree = recipe == null ? TrainingRun.savedConfig(out) : Recipes.read(recipe);
        for (String assignment : assignments) {
            tree = tree.with(assignment);
        }
        return dtype == null ? tree : tree.with("precision", dtype);
    }

    /** A recipe that says how its data is made leaves no doubt what to do. */
    private void requireData(Path data, ConfigTree tree) {
        if (!Files.exists(data) && tree.get(DataRecipes.PART).isPresent()) {
            throw new ConfigException(
                    "no data at %s; this makes it: llm360 data prepare %s --out=%s"
                            .formatted(data, recipe, tree.get("data.path").orElseThrow()));
        }
    }

    private int plan(TrainingPlan plan) {
        PlanReport report = new PlanReport(plan, peakFlops);
        output.result(report.summary(), () -> report.print(output));
        plan.checkFits(deviceOrDefault());
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

    private int train(TrainingPlan plan, CausalDecoder decoder, TokenDataset dataset)
            throws IOException {
        TrainingConfig config = plan.config();
        Device where = deviceOrDefault();
        plan.checkFits(where);
        try (RunDirectory run =
                        resume
                                ? TrainingRun.resume(out, config, dataset.manifest(), allowChange)
                                : TrainingRun.begin(out, config, dataset.manifest());
                NDManager manager = NDManager.newBaseManager(where, "PyTorch")) {
            TrainingJob.Outcome outcome =
                    new TrainingJob(plan, decoder, dataset, peakFlops).run(run, manager, terminal);
            report(outcome.result(), plan, outcome.last());
            return outcome.result().finished() ? 0 : Failures.INTERRUPTED;
        }
    }

    private void report(TrainingResult result, TrainingPlan plan, StepMetrics last) {
        long step = result.state().step();
        Double loss = last == null ? null : last.loss();
        output.result(
                new Result(out.toString(), result.finished(), step, result.state().tokens(), loss),
                () ->
                        output.line(
                                "%s: %s at step %d of %d%s"
                                        .formatted(
                                                out,
                                                result.finished() ? "finished" : "stopped",
                                                step,
                                                plan.steps(),
                                                loss == null
                                                        ? ""
                                                        : ", loss " + Output.decimal(loss, 4))));
    }
}
