package ai.llm360.zoo.catalogue;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubException;
import ai.llm360.hub.HubRef;
import ai.llm360.io.internal.NearNames;
import ai.llm360.zoo.catalogue.PublishedCheckpoint.Evidence;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Lists what LLM360 published, by name, and where the Hub has it.
 *
 * <pre>{@code
 * for (PublishedCheckpoint checkpoint : Zoo.ofEnvironment().catalogue().checkpoints("amber")) {
 *     System.out.println(checkpoint.revision() + " " + checkpoint.tokens().getAsLong());
 * }
 * }</pre>
 *
 * <p>Much is known without the Hub, by rules and from names that have been seen. The rest it tells
 * when it is asked ({@link #refresh}); its answer is kept in the model home with its date. A
 * catalogue is a value: what the Hub says later makes another one.
 *
 * <p>Names are forgiving where there is no doubt: {@code 200}, {@code ckpt-200}, {@code ckpt_200}
 * and {@code CKPT-0200} are one checkpoint of Amber; {@code phase1-55500} and {@code
 * CrystalCoder_phase1_checkpoint_055500} are one of CrystalCoder; {@code latest} is the last of a
 * training. {@code 1.0T-tokens} is the checkpoint nearest to that many tokens.
 */
public final class Catalogue {

    private final List<PublishedModel> models;
    private final Map<String, BranchList> lists = new HashMap<>();

    private Catalogue(Collection<BranchList> known) {
        known.forEach(list -> lists.put(list.repository(), list));
        models =
                List.of(
                        model(PublishedAmber.REPOSITORY, PublishedAmber::new),
                        model(PublishedCrystalCoder.REPOSITORY, PublishedCrystalCoder::new),
                        PublishedModel.finetuned("amberchat", "IFM/AmberChat"),
                        PublishedModel.finetuned("ambersafe", "IFM/AmberSafe"),
                        PublishedModel.finetuned("crystalchat", "IFM/CrystalChat"));
    }

    /**
     * Makes a model of the newest list of its branches, by whichever of its repository's names. A
     * list without a checkpoint, as of a mirror that has the main branch alone, tells nothing.
     */
    private PublishedModel model(
            String repository, Function<Optional<BranchList>, PublishedModel> maker) {
        Optional<BranchList> newest =
                PublishedRepository.names(repository).stream()
                        .flatMap(name -> Optional.ofNullable(lists.get(name)).stream())
                        .filter(list -> !maker.apply(Optional.of(list)).checkpoints().isEmpty())
                        .max(Comparator.comparing(BranchList::asked));
        lists.keySet().removeAll(PublishedRepository.names(repository));
        newest.ifPresent(list -> lists.put(list.repository(), list));
        return maker.apply(newest);
    }

    /**
     * Makes a catalogue of what is known without the Hub, and of what the Hub has said.
     *
     * @param lists the branches of repositories, one list each; of repositories without one, the
     *     rules and the names that have been seen hold
     */
    public static Catalogue of(Collection<BranchList> lists) {
        return new Catalogue(lists);
    }

    /**
     * Reads what is known on this machine, the Hub's earlier answers included. The Hub isn't asked.
     *
     * @param home the model home
     * @throws IOException if an answer that was kept can't be read
     */
    public static Catalogue in(Path home) throws IOException {
        return of(BranchList.in(home));
    }

    /**
     * Asks the Hub for a model's branches, and keeps the answer in a model home.
     *
     * @param hub the client that asks
     * @param home the model home
     * @throws ModelNotFoundException if LLM360 published no such model
     * @throws HubException if the Hub gives none
     * @throws IOException if the answer can't be kept
     */
    public static Catalogue refresh(String model, HubClient hub, Path home)
            throws ModelNotFoundException, IOException {
        String repository = of(List.of()).require(model).repository();
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        BranchList list =
                PublishedRepository.first(
                        hub,
                        repository,
                        name -> new BranchList(name, now, branches(hub.refs(name))));
        if (of(List.of(list)).asked(model).isEmpty()) {
            throw new IOException(
                    "none of the %d branches of %s at %s is named like a checkpoint: is HF_ENDPOINT right?"
                            .formatted(
                                    list.branches().size(),
                                    list.repository(),
                                    hub.settings().endpoint()));
        }
        list.keepIn(home);
        return in(home);
    }

    private static List<String> branches(List<HubRef> refs) {
        return refs.stream().filter(ref -> !ref.tag()).map(HubRef::name).toList();
    }

    /**
     * {@return whether the Hub, which hasn't been asked, may know better which checkpoint is meant,
     * so that {@link #refresh} may change what {@link #find} gives}
     *
     * @param checkpoint a checkpoint's name, or a number of tokens
     */
    public boolean isOpen(String model, String checkpoint) {
        return needsList(model, checkpoint)
                || (isIncomplete(model, false)
                        && find(model, checkpoint)
                                .filter(found -> found.evidence() == Evidence.UNCONFIRMED)
                                .isPresent());
    }

    /**
     * Returns whether a number of tokens is asked for of which only the Hub's list of branches can
     * tell the nearest checkpoint.
     *
     * @param checkpoint a checkpoint's name, or a number of tokens
     */
    public boolean needsList(String model, String checkpoint) {
        return CheckpointNames.tokens(checkpoint).isPresent() && isIncomplete(model, true);
    }

    /**
     * {@return whether the Hub hasn't been asked for a model's branches; false for models that
     * LLM360 didn't publish}
     *
     * @param namesMissing whether it counts only where checkpoints' names aren't known
     */
    public boolean isIncomplete(String model, boolean namesMissing) {
        return model(model)
                .filter(found -> !lists.containsKey(found.repository()))
                .filter(found -> !namesMissing || found.published() > found.checkpoints().size())
                .isPresent();
    }

    /** {@return the models' names} */
    public List<String> models() {
        return models.stream().map(PublishedModel::name).toList();
    }

    /** Returns the Hub's repositories that the checkpoints lie in, by all names they have had. */
    public Set<String> repositories() {
        return models.stream()
                .flatMap(model -> PublishedRepository.names(model.repository()).stream())
                .collect(Collectors.toSet());
    }

    private Optional<PublishedModel> in(String repository) {
        return models.stream()
                .filter(
                        model ->
                                PublishedRepository.names(model.repository()).stream()
                                        .anyMatch(repository::equalsIgnoreCase))
                .findFirst();
    }

    /** Returns the published checkpoint that a repository and its branch name, if they do. */
    public Optional<PublishedCheckpoint> of(String repository, String branch) {
        return in(repository)
                .flatMap(
                        model ->
                                branch.equals(PublishedRepository.MAIN)
                                        ? Optional.of(model.last())
                                        : model.named(CheckpointNames.normal(branch)));
    }

    /**
     * Returns the branch of a repository that is meant: Amber's {@code ckpt_359} is {@code main}.
     * Any other is as it was asked for.
     */
    public String revision(String repository, String asked) {
        return in(repository)
                .flatMap(model -> model.named(CheckpointNames.normal(asked)))
                .map(PublishedCheckpoint::revision)
                .filter(PublishedRepository.MAIN::equals)
                .orElse(asked);
    }

    /**
     * Returns the checkpoints of a model that are known by name: all of Amber's, and of
     * CrystalCoder's 143 all if the Hub has been asked, else 56.
     *
     * @return the checkpoints, in the order of training
     * @throws ModelNotFoundException if LLM360 published no such model
     */
    public List<PublishedCheckpoint> checkpoints(String model) throws ModelNotFoundException {
        return require(model).checkpoints();
    }

    /**
     * {@return the number of checkpoints of a model that LLM360 published: at least as many as are
     * known by name; empty for other models}
     */
    public Optional<Integer> published(String model) {
        return model(model).map(PublishedModel::published);
    }

    /**
     * {@return the time when the Hub was asked for a model's branches; empty if it wasn't, or if it
     * publishes no such model}
     */
    public Optional<Instant> asked(String model) {
        return model(model).map(found -> lists.get(found.repository())).map(BranchList::asked);
    }

    /**
     * Finds a checkpoint that LLM360 published, or may have.
     *
     * @param checkpoint the checkpoint's name in any spelling, {@code latest} or a number of tokens
     * @return the checkpoint; empty if there is none
     */
    public Optional<PublishedCheckpoint> find(String model, String checkpoint) {
        return model(model).flatMap(found -> named(found, checkpoint));
    }

    /** Returns whether LLM360 published a model. */
    public boolean has(String model) {
        return model(model).isPresent();
    }

    /** Says what there is, for someone who asked for something else; empty for other models. */
    public Optional<String> explain(String model, String checkpoint) {
        return model(model).map(found -> explain(found, checkpoint));
    }

    private String explain(PublishedModel model, String name) {
        return model.explain(name)
                + asked(model.name())
                        .map(
                                when ->
                                        " (by the Hub's branches of %s; llm360 list %s --refresh asks anew)"
                                                .formatted(
                                                        when.truncatedTo(ChronoUnit.SECONDS),
                                                        model.name()))
                        .orElse("");
    }

    private static Optional<PublishedCheckpoint> named(PublishedModel model, String name) {
        if (name.equals(CheckpointNames.LATEST)) {
            return Optional.of(model.last());
        }
        OptionalLong tokens = CheckpointNames.tokens(name);
        return tokens.isPresent()
                ? CheckpointNames.nearest(
                        model.checkpoints(), tokens.getAsLong(), PublishedCheckpoint::tokens)
                : model.named(CheckpointNames.normal(name));
    }

    PublishedModel require(String name) throws ModelNotFoundException {
        return model(name)
                .orElseThrow(
                        () ->
                                new ModelNotFoundException(
                                        "LLM360 published no model '%s': %s"
                                                .formatted(name, suggestion(name))));
    }

    private String suggestion(String name) {
        List<String> near = NearNames.close(name, models());
        return near.isEmpty()
                ? "there are " + String.join(", ", models())
                : "did you mean " + near.get(0) + "?";
    }

    private Optional<PublishedModel> model(String name) {
        return models.stream().filter(model -> model.name().equals(name)).findFirst();
    }
}
