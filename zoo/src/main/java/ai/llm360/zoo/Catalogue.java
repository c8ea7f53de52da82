package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.checkpoint.NearNames;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What LLM360 published, by name, and where the Hub has it: known without asking the Hub.
 *
 * <pre>{@code
 * for (PublishedCheckpoint checkpoint : Catalogue.select("amber@0..359:40").checkpoints()) {
 *     System.out.println(checkpoint.revision() + " " + checkpoint.tokens().getAsLong());
 * }
 * }</pre>
 *
 * <p>Names are forgiving where there is no doubt: {@code 200}, {@code ckpt-200}, {@code ckpt_200}
 * and {@code CKPT-0200} are one checkpoint of Amber; {@code phase1-55500} and {@code
 * CrystalCoder_phase1_checkpoint_055500} are one of CrystalCoder; {@code latest} is the last of a
 * training. {@code 1.0T-tokens} is the checkpoint nearest to that many tokens.
 */
public final class Catalogue {

    private static final List<PublishedModel> MODELS =
            List.of(
                    new PublishedAmber(),
                    new PublishedCrystalCoder(),
                    new PublishedChat("amberchat", "LLM360/AmberChat"),
                    new PublishedChat("ambersafe", "LLM360/AmberSafe"),
                    new PublishedChat("crystalchat", "LLM360/CrystalChat"));

    private static final Pattern RANGE =
            Pattern.compile(
                    "([A-Za-z0-9][\\w.-]*)@([\\w.-]*\\w)\\.\\.(\\w[\\w.-]*?)(?::(\\d{1,6}))?");

    private Catalogue() {}

    /**
     * What a reference selects.
     *
     * @param checkpoints one checkpoint, or those of a range; never none
     * @param nearestTo the number of tokens that the reference asked for, where it asked for a
     *     number: the checkpoint is the nearest to it
     */
    public record Selection(List<PublishedCheckpoint> checkpoints, OptionalLong nearestTo) {

        /** Copies the list. */
        public Selection {
            checkpoints = List.copyOf(checkpoints);
        }
    }

    /**
     * Returns the models.
     *
     * @return their names
     */
    public static List<String> models() {
        return MODELS.stream().map(PublishedModel::name).toList();
    }

    /**
     * Returns the checkpoints of a model that are known by name: all of Amber's, 56 of
     * CrystalCoder's 143.
     *
     * @param model the model's name
     * @return the checkpoints, in the order of training
     * @throws ModelNotFoundException if LLM360 published no such model
     */
    public static List<PublishedCheckpoint> checkpoints(String model)
            throws ModelNotFoundException {
        return require(model).checkpoints();
    }

    /**
     * Returns how many checkpoints of a model LLM360 published.
     *
     * @param model the model's name
     * @return the number: at least as many as are known by name
     * @throws ModelNotFoundException if LLM360 published no such model
     */
    public static int published(String model) throws ModelNotFoundException {
        return require(model).published();
    }

    /**
     * Finds a checkpoint.
     *
     * @param reference {@code model@checkpoint}; without a checkpoint, the last one
     * @return the checkpoint
     * @throws ModelNotFoundException if there is none, saying what there is
     */
    public static PublishedCheckpoint find(String reference) throws ModelNotFoundException {
        requireOne(reference);
        return select(reference).checkpoints().get(0);
    }

    /** Refuses a range where one checkpoint is wanted. */
    static void requireOne(String reference) throws ModelNotFoundException {
        Matcher range = RANGE.matcher(reference);
        if (range.matches()) {
            throw new ModelNotFoundException(
                    "'%s' names several checkpoints: give one, such as %s@%s"
                            .formatted(reference, range.group(1), range.group(2)));
        }
    }

    /**
     * Finds the checkpoint or checkpoints that a reference names.
     *
     * @param reference {@code model@checkpoint}, or a range of those that are known by name: {@code
     *     amber@0..359:10} is every tenth, its ends included
     * @return the checkpoints, in the order of training
     * @throws ModelNotFoundException if there are none, saying what there is
     */
    public static Selection select(String reference) throws ModelNotFoundException {
        Matcher range = RANGE.matcher(reference);
        if (range.matches()) {
            return new Selection(range(range), OptionalLong.empty());
        }
        if (!(Reference.parse(reference) instanceof Reference.Named named)) {
            throw new ModelNotFoundException(
                    "'%s' is a path; the catalogue has names, such as amber@ckpt-200"
                            .formatted(reference));
        }
        PublishedModel model = require(named.model());
        PublishedCheckpoint found = require(model, named.checkpoint());
        return new Selection(List.of(found), TokenCount.parse(named.checkpoint()));
    }

    /**
     * Returns what stands for a number of tokens, so that whoever loads it can be told.
     *
     * @param reference any reference
     * @return the checkpoint that is nearest; empty for a reference that names one otherwise, or
     *     names nothing
     */
    public static Optional<PublishedCheckpoint> nearest(String reference) {
        Matcher name = Reference.NAME.matcher(reference);
        return name.matches()
                        && name.group(2) != null
                        && TokenCount.parse(name.group(2)).isPresent()
                ? find(new Reference.Named(name.group(1), name.group(2)))
                : Optional.empty();
    }

    private static List<PublishedCheckpoint> range(Matcher range) throws ModelNotFoundException {
        PublishedModel model = require(range.group(1));
        PublishedCheckpoint first = require(model, range.group(2));
        PublishedCheckpoint last = require(model, range.group(3));
        int every = range.group(4) == null ? 1 : Integer.parseInt(range.group(4));
        List<PublishedCheckpoint> all = model.checkpoints();
        int from = all.indexOf(first);
        int to = all.indexOf(last);
        if (from < 0 || to < from || every < 1) {
            throw new ModelNotFoundException(
                    "'%s' selects nothing: write first..last:every with two known checkpoints, the earlier one first, such as amber@0..359:10"
                            .formatted(range.group()));
        }
        List<PublishedCheckpoint> selected = new ArrayList<>();
        for (int i = from; i <= to; i += every) {
            selected.add(all.get(i));
        }
        return selected;
    }

    /** Returns a checkpoint if LLM360 published it, or may have. */
    static Optional<PublishedCheckpoint> find(Reference.Named reference) {
        return model(reference.model()).flatMap(model -> named(model, reference.checkpoint()));
    }

    /** Returns the checkpoints known by name, in the order of training; none of other models. */
    static List<PublishedCheckpoint> all(String model) {
        return model(model).map(PublishedModel::checkpoints).orElse(List.of());
    }

    /** Says what there is, for someone who asked for something else; empty for other models. */
    static Optional<String> explain(Reference.Named reference) {
        return model(reference.model()).map(model -> model.explain(reference.checkpoint()));
    }

    private static Optional<PublishedCheckpoint> named(PublishedModel model, String name) {
        if (name.equals(Reference.Named.LATEST)) {
            return Optional.of(model.last());
        }
        OptionalLong tokens = TokenCount.parse(name);
        if (tokens.isPresent()) {
            return nearest(model, tokens.getAsLong());
        }
        return model.named(PublishedModel.normal(name));
    }

    private static Optional<PublishedCheckpoint> nearest(PublishedModel model, long tokens) {
        return model.checkpoints().stream()
                .filter(checkpoint -> checkpoint.tokens().isPresent())
                .min(
                        Comparator.comparingLong(
                                checkpoint -> Math.abs(checkpoint.tokens().getAsLong() - tokens)));
    }

    private static PublishedCheckpoint require(PublishedModel model, String name)
            throws ModelNotFoundException {
        return named(model, name)
                .orElseThrow(
                        () ->
                                new ModelNotFoundException(
                                        "no checkpoint '%s': %s"
                                                .formatted(name, model.explain(name))));
    }

    private static PublishedModel require(String name) throws ModelNotFoundException {
        return model(name)
                .orElseThrow(
                        () ->
                                new ModelNotFoundException(
                                        "LLM360 published no model '%s': did you mean %s?"
                                                .formatted(
                                                        name,
                                                        NearNames.of(name, models()).get(0))));
    }

    private static Optional<PublishedModel> model(String name) {
        return MODELS.stream().filter(model -> model.name().equals(name)).findFirst();
    }
}
