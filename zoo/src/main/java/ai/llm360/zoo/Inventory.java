package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What there is by name: published by LLM360, brought by the library, or put on this machine. It
 * looks at names alone; no checkpoint is opened, and nothing is asked of the network.
 */
public final class Inventory {

    private Inventory() {}

    /**
     * A checkpoint.
     *
     * @param name its name
     * @param published what LLM360 published under that name
     * @param step the optimizer steps done, where that is known
     * @param tokens the positions trained on, where that is known
     * @param atHand whether it can be loaded now
     * @param directory where it lies; absent also for one that the library brings and that has not
     *     been used yet
     */
    public record Item(
            String name,
            Optional<PublishedCheckpoint> published,
            OptionalLong step,
            OptionalLong tokens,
            boolean atHand,
            Optional<Path> directory) {}

    /**
     * Returns the models.
     *
     * @return the names: of what LLM360 published, what the library brings, and what the model home
     *     holds beside
     * @throws IOException if the model home can't be listed
     */
    public static List<String> models() throws IOException {
        Set<String> names = new LinkedHashSet<>(Catalogue.models());
        EmbeddedSeries.all().forEach(series -> names.add(series.model()));
        names.addAll(ModelHome.get().models());
        return List.copyOf(names);
    }

    /**
     * Returns a model's checkpoints.
     *
     * @param model the model's name
     * @return all that are published and known by name, or that are at hand, in the order of
     *     training
     * @throws ModelNotFoundException if there is no such model, saying what there is
     * @throws IOException if the model home can't be listed
     */
    public static List<Item> of(String model) throws ModelNotFoundException, IOException {
        ModelHome home = ModelHome.get();
        Map<String, Item> items = new LinkedHashMap<>();
        if (Catalogue.models().contains(model)) {
            for (PublishedCheckpoint checkpoint : Catalogue.checkpoints(model)) {
                Optional<Path> pulled = home.pulled(checkpoint);
                items.put(
                        checkpoint.name(),
                        pulled.isPresent()
                                ? onDisk(model, checkpoint.name(), pulled.get())
                                : absent(checkpoint));
            }
        }
        Optional<Series> brought = home.brought(model);
        for (String name : home.checkpoints(model)) {
            Path own = home.root().resolve(model).resolve(name);
            Item item =
                    Files.isDirectory(own)
                            ? onDisk(model, name, own)
                            : brought(brought.orElseThrow().checkpoint(name));
            items.put(item.name(), item);
        }
        if (items.isEmpty()) {
            home.find(new Reference.Named(model, Reference.Named.LATEST)); // says what there is
        }
        List<Item> sorted = new ArrayList<>(items.values());
        sorted.sort(Comparator.comparingLong(item -> item.tokens().orElse(-1)));
        return sorted;
    }

    /**
     * Returns the checkpoints of a selection.
     *
     * @param selection published checkpoints of one model
     * @return the same, each with whether it is at hand
     * @throws ModelNotFoundException never: what was selected was found
     * @throws IOException if the model home can't be listed
     */
    public static List<Item> of(Catalogue.Selection selection)
            throws ModelNotFoundException, IOException {
        Map<String, Item> items = new HashMap<>();
        of(selection.checkpoints().get(0).model()).forEach(item -> items.put(item.name(), item));
        return selection.checkpoints().stream()
                .map(chosen -> items.getOrDefault(chosen.name(), absent(chosen)))
                .toList();
    }

    private static Item absent(PublishedCheckpoint checkpoint) {
        return new Item(
                checkpoint.name(),
                Optional.of(checkpoint),
                checkpoint.step(),
                checkpoint.tokens(),
                false,
                Optional.empty());
    }

    private static Item onDisk(String model, String name, Path directory) {
        Optional<PublishedCheckpoint> published = Catalogue.find(new Reference.Named(model, name));
        return new Item(
                published.map(PublishedCheckpoint::name).orElse(name),
                published,
                published.map(PublishedCheckpoint::step).orElse(OptionalLong.empty()),
                published.map(PublishedCheckpoint::tokens).orElse(OptionalLong.empty()),
                true,
                Optional.of(directory));
    }

    private static Item brought(SeriesCheckpoint checkpoint) {
        return new Item(
                checkpoint.name(),
                Optional.empty(),
                OptionalLong.of(checkpoint.step()),
                OptionalLong.of(checkpoint.tokens()),
                true,
                Optional.empty());
    }
}
