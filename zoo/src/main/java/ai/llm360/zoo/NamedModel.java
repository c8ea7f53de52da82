package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.io.internal.NearNames;
import ai.llm360.zoo.catalogue.Catalogue;
import ai.llm360.zoo.catalogue.CheckpointNames;
import ai.llm360.zoo.catalogue.PublishedCheckpoint;
import ai.llm360.zoo.source.EmbeddedSeries;
import ai.llm360.zoo.source.ModelHome;
import ai.llm360.zoo.source.SeriesCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A model with a name: its checkpoints that LLM360 published, that the library brings, and that lie
 * in the model home, which come before the others.
 */
record NamedModel(Zoo zoo, Catalogue known, String model) {

    private ModelHome home() {
        return new ModelHome(zoo.home());
    }

    /**
     * Puts the series together. No checkpoint is opened.
     *
     * @throws ModelNotFoundException if there is no such model, saying what there is
     */
    Series series() throws ModelNotFoundException, IOException {
        List<CheckpointEntry> all = new ArrayList<>();
        if (known.has(model)) {
            for (PublishedCheckpoint one : known.checkpoints(model)) {
                all.add(CheckpointEntry.onHub(zoo, one));
            }
        }
        Optional<EmbeddedSeries> brought = zoo.embedded(model);
        if (brought.isPresent()) {
            for (SeriesCheckpoint one : brought.get().series().checkpoints()) {
                all.add(
                        new CheckpointEntry(
                                zoo,
                                model,
                                one.name(),
                                one.standing(),
                                new Stored.InJar(brought.get(), one, zoo.home())));
            }
        }
        for (String name : home().checkpoints(model)) {
            CheckpointEntry own =
                    CheckpointEntry.at(
                            zoo,
                            model,
                            name,
                            known.find(model, name),
                            new Stored.At(
                                    CheckpointEntry.Source.HOME, home().directory(model, name)));
            all.removeIf(
                    one ->
                            known.has(model)
                                    ? one.name().equals(own.name())
                                    : CheckpointNames.same(own.name(), one.name()));
            all.add(own);
        }
        if (all.isEmpty()) {
            throw new ModelNotFoundException(explain(CheckpointNames.LATEST));
        }
        all.sort(order());
        return new Series(
                model,
                all,
                known,
                name -> known.find(model, name).map(one -> CheckpointEntry.onHub(zoo, one)),
                this::explain,
                OptionalLong.empty());
    }

    private Comparator<CheckpointEntry> order() {
        Comparator<CheckpointEntry> byName =
                Comparator.comparing(CheckpointEntry::name, CheckpointNames.ORDER);
        return known.has(model)
                ? Comparator.comparingLong((CheckpointEntry one) -> one.tokens().orElse(-1))
                        .thenComparing(one -> one.published().isEmpty())
                        .thenComparing(byName)
                : byName;
    }

    /** Says why a checkpoint can't be had, and how to get it. */
    private String explain(String checkpoint) throws IOException {
        List<String> here = here();
        Optional<String> others = known.explain(model, checkpoint);
        if (others.isPresent()) {
            return "no checkpoint '%s': %s; %s"
                    .formatted(checkpoint, others.get(), inHome(zoo, model));
        }
        String put =
                "put its files into %s, or give a path that starts with ./ or /"
                        .formatted(home().directory(model, checkpoint));
        if (!here.isEmpty()) {
            return "no checkpoint '%s' of '%s': there are %s; %s"
                    .formatted(checkpoint, model, CheckpointNames.some(here), put);
        }
        List<String> models = home().models();
        List<String> brought = zoo.embedded().stream().map(EmbeddedSeries::model).toList();
        List<String> all = new ArrayList<>(known.models());
        all.addAll(brought);
        all.addAll(models);
        Optional<String> near =
                Files.isDirectory(Path.of(model))
                        ? Optional.of("./" + model)
                        : NearNames.close(model, all).stream().findFirst();
        return "no model '%s':%s %s has %s, the library brings %s, and LLM360 published %s; %s (LLM360_HOME names another home)"
                .formatted(
                        model,
                        near.map(" did you mean %s?"::formatted).orElse(""),
                        zoo.home(),
                        models.isEmpty() ? "none" : CheckpointNames.some(models),
                        CheckpointNames.some(brought),
                        CheckpointNames.some(known.models()),
                        put);
    }

    private List<String> here() throws IOException {
        List<String> here = new ArrayList<>(home().checkpoints(model));
        Optional<EmbeddedSeries> brought = zoo.embedded(model);
        if (brought.isPresent()) {
            for (String name : brought.get().series().names()) {
                if (here.stream().noneMatch(own -> CheckpointNames.same(own, name))) {
                    here.add(name);
                }
            }
        }
        here.sort(CheckpointNames.ORDER);
        return here;
    }

    /** Says which checkpoints of a model its home has. */
    static String inHome(Zoo zoo, String model) throws IOException {
        List<String> own = new ModelHome(zoo.home()).checkpoints(model);
        return own.isEmpty()
                ? "%s has none of %s".formatted(zoo.home(), model)
                : "%s has %s".formatted(zoo.home().resolve(model), CheckpointNames.some(own));
    }
}
