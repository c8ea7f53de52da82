package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.zoo.Catalogue;
import ai.llm360.zoo.Inventory;
import ai.llm360.zoo.TreeModels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code llm360 list}: which models and checkpoints there are. It opens none of them. */
@Command(
        name = "list",
        description = {
            "Shows which models there are, or a model's checkpoints: what LLM360 published, what"
                    + " comes with this program, and what is on this machine.",
            "It asks nothing of the network, but for the list in another's static tree."
        },
        footer = {
            "",
            "branch: observed is one that has been seen on the Hub, unconfirmed one whose name fits"
                    + " the pattern of those; nothing where the model card gives a rule for all."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class ListCommand implements Callable<Integer> {

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "MODEL",
            description =
                    "A model's name, such as amber; also one of its published checkpoints, such as"
                            + " amber@200 or amber@1.0T-tokens, or a range of them, such as"
                            + " amber@0..359:10. Or one in a static tree:"
                            + " llm360+https://host/tree/my-amber. Default: all models.")
    private String asked;

    @Option(names = "--tokens", description = "Give the exact numbers of tokens.")
    private boolean exactTokens;

    @Mixin private Output output;

    ListCommand() {}

    private record Model(
            String model, String repository, Integer published, int listed, long atHand) {}

    private record Models(List<Model> models) {}

    /** The number of tokens is what the reference asked for, if it did. */
    private record Checkpoints(
            String model,
            Integer published,
            Long tokensAskedFor,
            List<CheckpointEntry> checkpoints) {}

    @Override
    public Integer call() throws ModelNotFoundException, IOException {
        if (asked == null) {
            Models models = models();
            output.result(models, () -> print(models));
        } else if (TreeModels.isReference(asked)) {
            TreeEntries entries = TreeEntries.of(asked);
            output.result(entries, () -> entries.print(output));
        } else if (asked.contains("@")) {
            Catalogue.Selection selection = Catalogue.select(asked);
            String model = selection.checkpoints().get(0).model();
            Long tokens =
                    selection.nearestTo().isPresent() ? selection.nearestTo().getAsLong() : null;
            Checkpoints found = checkpoints(model, tokens, Inventory.of(selection));
            output.result(found, () -> print(found, false));
        } else {
            Checkpoints found = checkpoints(asked, null, Inventory.of(asked));
            output.result(found, () -> print(found, true));
        }
        return 0;
    }

    private static Models models() throws ModelNotFoundException, IOException {
        List<Model> models = new ArrayList<>();
        for (String model : Inventory.models()) {
            List<Inventory.Item> items = Inventory.of(model);
            models.add(
                    new Model(
                            model,
                            Catalogue.models().contains(model)
                                    ? Catalogue.checkpoints(model).get(0).repository()
                                    : null,
                            published(model),
                            items.size(),
                            items.stream().filter(Inventory.Item::atHand).count()));
        }
        return new Models(models);
    }

    private static Integer published(String model) throws ModelNotFoundException {
        return Catalogue.models().contains(model) ? Catalogue.published(model) : null;
    }

    private static Checkpoints checkpoints(String model, Long tokens, List<Inventory.Item> items)
            throws ModelNotFoundException {
        return new Checkpoints(
                model, published(model), tokens, items.stream().map(CheckpointEntry::of).toList());
    }

    private void print(Models all) {
        List<List<?>> rows = new ArrayList<>();
        for (Model model : all.models()) {
            rows.add(
                    List.of(
                            model.model(),
                            model.repository() == null ? "" : model.repository(),
                            model.published() == null ? "" : model.published(),
                            model.listed(),
                            model.atHand()));
        }
        output.table(List.of("model", "repository", "published", "listed", "at hand"), rows);
    }

    private void print(Checkpoints found, boolean all) {
        if (found.tokensAskedFor() != null) {
            output.line("nearest to %,d tokens:".formatted(found.tokensAskedFor()));
        }
        CheckpointEntry.print(output, found.checkpoints(), exactTokens);
        if (all && found.published() != null && found.published() > found.checkpoints().size()) {
            output.line(
                    "%d were published; the names of the others are not known, and are taken when they fit the pattern"
                            .formatted(found.published()));
        }
    }
}
