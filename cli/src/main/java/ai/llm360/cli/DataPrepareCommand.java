package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.AmberJsonl;
import ai.llm360.common.data.DataManifest;
import ai.llm360.common.data.DataPreparation;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.zoo.reproduce.DataRecipes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 data prepare}: makes chunks of token rows of documents. */
@Command(
        name = "prepare",
        description = {
            "Makes a data set by a recipe: documents to tokens, tokens to rows, rows to chunks.",
            "DIR appears whole or not at all. The same recipe and files give the same bytes.",
            "A recipe in phases makes a data set for each, DIR/PHASE; RECIPE/PHASE makes one's."
        })
final class DataPrepareCommand extends Verb {

    @Parameters(
            index = "0",
            paramLabel = "RECIPE",
            description =
                    "A file of YAML or JSON, see docs/formats/data.md; its relative paths start"
                            + " where it lies. Or a training recipe, by file or name such as"
                            + " amber-nano, whose part 'prepare' is meant.")
    private String recipe;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "The directory to make.")
    private Path target;

    @Option(
            names = "--set",
            paramLabel = "PATH=VALUE",
            description =
                    "Change one value of the recipe, such as chunks=8, of each phase if it has"
                            + " some. May be repeated.")
    private List<String> assignments = List.of();

    @Option(
            names = "--jsonl",
            paramLabel = "DIR",
            description = "Write the rows into DIR as well, as Amber's train_NNN.jsonl.")
    private Path jsonl;

    @Option(
            names = "--download",
            description =
                    "Fetch Maven artifacts that the local repository lacks. They are kept in the"
                            + " model home, and found there later without this option.")
    private boolean download;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that tokenize. Default: one for each processor.")
    private int threads = Runtime.getRuntime().availableProcessors();

    /** Reports of a recipe in phases, for {@code --json}. */
    private record Reports(List<DataReport> phases) {}

    @Override
    public Integer call() throws IOException, ModelNotFoundException {
        List<TrainingPhase> phases = DataRecipes.phases(recipe);
        List<DataReport> reports = new ArrayList<>();
        if (phases.get(0).name().isEmpty()) {
            reports.add(prepare(phases.get(0), target));
        } else {
            try (AtomicDirectory all = AtomicDirectory.begin(target)) {
                for (TrainingPhase phase : phases) {
                    reports.add(prepare(phase, phase.in(all.path())));
                }
                all.commit();
            }
        }
        for (TrainingPhase phase : phases) {
            writeJsonl(phase);
        }
        output.result(
                reports.size() == 1 ? reports.get(0) : new Reports(reports),
                () -> reports.forEach(report -> report.print(output)));
        return 0;
    }

    private DataReport prepare(TrainingPhase phase, Path directory)
            throws IOException, ModelNotFoundException {
        ConfigTree tree = phase.recipe();
        for (String assignment : assignments) {
            tree = tree.with(assignment);
        }
        if (DataRecipes.isConversations(tree)) {
            try (Meter progress = new Meter(terminal())) {
                DataRecipes.prepareConversations(
                        tree,
                        DataRecipes.base(recipe),
                        directory,
                        download ? terminal()::announce : null,
                        progress);
                return DataReport.of(phase.in(target), DataManifest.read(directory));
            }
        }
        DataPreparation.Builder preparation =
                DataPreparation.builder()
                        .setRecipe(DataRecipes.bind(tree))
                        .setTarget(directory)
                        .optBase(DataRecipes.base(recipe))
                        .optCache(zoo().dataCache())
                        .optThreads(threads);
        DataManifest manifest = DataReport.prepare(preparation, download, terminal());
        return DataReport.of(phase.in(target), manifest);
    }

    private void writeJsonl(TrainingPhase phase) throws IOException {
        if (jsonl != null) {
            try (TokenDataset data = TokenDataset.open(phase.in(target))) {
                AmberJsonl.write(data, phase.in(jsonl));
            }
        }
    }
}
