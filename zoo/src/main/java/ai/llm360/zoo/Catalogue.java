package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubException;
import ai.llm360.hub.HubRef;
import ai.llm360.hub.HubSettings;
import ai.llm360.io.NearNames;
import java.io.IOException;
import java.io.InterruptedIOException;
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
import java.util.regex.Matcher;
import java.util.stream.Collectors;

/**
 * What LLM360 published, by name, and where the Hub has it.
 *
 * <pre>{@code
 * for (PublishedCheckpoint checkpoint : Catalogue.current().select("amber@0..359:40").checkpoints()) {
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
                        new PublishedChat("amberchat", "IFM/AmberChat"),
                        new PublishedChat("ambersafe", "IFM/AmberSafe"),
                        new PublishedChat("crystalchat", "IFM/CrystalChat"));
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
     * Makes a catalogue of what is known without the Hub, and of what the Hub has said.
     *
     * @param lists the branches of repositories, one list each; of repositories without one, the
     *     rules and the names that have been seen hold
     * @return the catalogue
     */
    public static Catalogue of(Collection<BranchList> lists) {
        return new Catalogue(lists);
    }

    /**
     * Returns what is known on this machine, the Hub's earlier answers included. The Hub isn't
     * asked.
     *
     * @return the catalogue
     * @throws IOException if an answer that was kept can't be read
     */
    public static Catalogue current() throws IOException {
        return of(KeptBranches.of(ModelHome.directory()).read());
    }

    /**
     * Asks the Hub for a model's branches, and keeps the answer in the model home. The environment
     * says which Hub: see {@link HubSettings#ofEnvironment}.
     *
     * @param model the model's name
     * @return the catalogue with that answer
     * @throws ModelNotFoundException if LLM360 published no such model
     * @throws HubException if the Hub gives none
     * @throws IOException if the answer can't be kept
     */
    public static Catalogue refresh(String model) throws ModelNotFoundException, IOException {
        String repository = of(List.of()).require(model).repository();
        HubSettings settings = HubSettings.ofEnvironment();
        HubClient hub = HubClient.builder().setSettings(settings).build();
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
                                    settings.endpoint()));
        }
        KeptBranches.of(ModelHome.directory()).keep(list);
        return current();
    }

    private static List<String> branches(List<HubRef> refs) {
        return refs.stream().filter(ref -> !ref.tag()).map(HubRef::name).toList();
    }

    /**
     * Returns the current catalogue; but if a reference is one that the Hub may know better, and
     * hasn't been asked about, it is asked first. To be called where the network is going to be
     * used anyway.
     *
     * @param reference {@code model@checkpoint} or a range
     * @return the catalogue to look it up in; without the Hub's answer where it gives none, as a
     *     mirror may, or where the answer can't be kept
     * @throws ModelNotFoundException if the reference names no checkpoint of a published model
     * @throws IOException if an answer that was kept can't be read, or on an interrupt
     */
    public static Catalogue deciding(String reference) throws ModelNotFoundException, IOException {
        Catalogue current = current();
        Optional<PublishedModel> open = current.open(reference);
        if (open.isEmpty()) {
            return current;
        }
        try {
            return refresh(open.get().name());
        } catch (InterruptedIOException e) {
            throw e;
        } catch (IOException e) {
            return current; // what is wrong with the Hub, the request itself will tell
        }
    }

    /** Returns the model of a reference that may depend on branches that aren't known here. */
    private Optional<PublishedModel> open(String reference) throws ModelNotFoundException {
        Matcher name = Reference.NAME.matcher(reference);
        Optional<SeriesPart> part = SeriesPart.parse(reference);
        Optional<PublishedModel> model =
                name.matches() ? model(name.group(1)) : part.flatMap(p -> model(p.model()));
        return model.isPresent() && isOpen(model.get(), reference) ? model : Optional.empty();
    }

    private boolean isOpen(PublishedModel model, String reference) throws ModelNotFoundException {
        if (lists.containsKey(model.repository())) {
            return false;
        }
        boolean search = SeriesPart.parse(reference).isPresent() || nearest(reference).isPresent();
        if (search && model.published() > model.checkpoints().size()) {
            return true;
        }
        return select(reference).checkpoints().stream().anyMatch(model::isOpen);
    }

    /** Returns whether a reference asks for what only the Hub's list of branches can tell. */
    boolean needsList(Reference.Named reference) {
        return nearestTo(reference.checkpoint()).isPresent()
                && model(reference.model())
                        .filter(model -> model.published() > model.checkpoints().size())
                        .isPresent();
    }

    /**
     * Returns the models.
     *
     * @return their names
     */
    public List<String> models() {
        return models.stream().map(PublishedModel::name).toList();
    }

    /** Returns the Hub's repositories that the checkpoints lie in, by all names they have had. */
    Set<String> repositories() {
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
    Optional<PublishedCheckpoint> of(String repository, String branch) {
        return in(repository)
                .flatMap(
                        model ->
                                branch.equals(PublishedAmber.MAIN)
                                        ? Optional.of(model.last())
                                        : model.named(PublishedModel.normal(branch)));
    }

    /**
     * Returns the branch of a repository that is meant: Amber's {@code ckpt_359} is {@code main}.
     * Any other is as it was asked for.
     */
    String revision(String repository, String asked) {
        return in(repository)
                .flatMap(model -> model.named(PublishedModel.normal(asked)))
                .map(PublishedCheckpoint::revision)
                .filter(PublishedAmber.MAIN::equals)
                .orElse(asked);
    }

    /**
     * Returns the checkpoints of a model that are known by name: all of Amber's, and of
     * CrystalCoder's 143 all if the Hub has been asked, else 56.
     *
     * @param model the model's name
     * @return the checkpoints, in the order of training
     * @throws ModelNotFoundException if LLM360 published no such model
     */
    public List<PublishedCheckpoint> checkpoints(String model) throws ModelNotFoundException {
        return require(model).checkpoints();
    }

    /**
     * Returns how many checkpoints of a model LLM360 published.
     *
     * @param model the model's name
     * @return the number: at least as many as are known by name
     * @throws ModelNotFoundException if LLM360 published no such model
     */
    public int published(String model) throws ModelNotFoundException {
        return require(model).published();
    }

    /**
     * Returns when the Hub was asked for a model's branches.
     *
     * @param model the model's name
     * @return the time; empty if it wasn't, or if it publishes no such model
     */
    public Optional<Instant> asked(String model) {
        return model(model).map(found -> lists.get(found.repository())).map(BranchList::asked);
    }

    /**
     * Finds a checkpoint.
     *
     * @param reference {@code model@checkpoint}; without a checkpoint, the last one
     * @return the checkpoint
     * @throws ModelNotFoundException if there is none, saying what there is
     */
    public PublishedCheckpoint find(String reference) throws ModelNotFoundException {
        SeriesPart.requireOne(reference);
        return select(reference).checkpoints().get(0);
    }

    /**
     * Finds the checkpoint or checkpoints that a reference names.
     *
     * @param reference {@code model@checkpoint}, or several of those that are known by name: {@code
     *     amber@0..359:10} is every tenth, its ends included, and {@code amber@uniform:12} twelve
     *     at even distances
     * @return the checkpoints, in the order of training
     * @throws ModelNotFoundException if there are none, saying what there is
     */
    public Selection select(String reference) throws ModelNotFoundException {
        Optional<SeriesPart> part = SeriesPart.parse(reference);
        if (part.isPresent()) {
            PublishedModel model = require(part.get().model());
            return new Selection(
                    part.get().of(model.checkpoints(), name -> require(model, name)),
                    OptionalLong.empty());
        }
        if (!(Reference.parse(reference) instanceof Reference.Named named)) {
            throw new ModelNotFoundException(
                    "'%s' is a path; the catalogue has names, such as amber@ckpt-200"
                            .formatted(reference));
        }
        PublishedCheckpoint found = require(require(named.model()), named.checkpoint());
        return new Selection(List.of(found), nearestTo(named.checkpoint()));
    }

    /**
     * Returns what stands for a number of tokens, so that whoever loads it can be told.
     *
     * @param reference any reference
     * @return the checkpoint that is nearest; empty for a reference that names one otherwise, or
     *     names nothing
     */
    public Optional<PublishedCheckpoint> nearest(String reference) {
        Matcher name = Reference.NAME.matcher(reference);
        return name.matches() && nearestTo(name.group(2)).isPresent()
                ? find(new Reference.Named(name.group(1), name.group(2)))
                : Optional.empty();
    }

    /**
     * Returns a reference as this catalogue spells it.
     *
     * @param reference a name
     * @return such as {@code amber@ckpt-200} for {@code amber@200}; the same reference where the
     *     catalogue doesn't know it
     */
    public Reference.Named canonical(Reference.Named reference) {
        return find(reference)
                .map(found -> new Reference.Named(found.model(), found.name()))
                .orElse(reference);
    }

    /** Returns a checkpoint if LLM360 published it, or may have. */
    Optional<PublishedCheckpoint> find(Reference.Named reference) {
        return model(reference.model()).flatMap(model -> named(model, reference.checkpoint()));
    }

    /** Returns whether LLM360 published a model. */
    boolean has(String model) {
        return model(model).isPresent();
    }

    /** Says what there is, for someone who asked for something else; empty for other models. */
    Optional<String> explain(Reference.Named reference) {
        return model(reference.model()).map(model -> explain(model, reference.checkpoint()));
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

    private static OptionalLong nearestTo(String checkpoint) {
        return checkpoint == null ? OptionalLong.empty() : TokenCount.parse(checkpoint);
    }

    private static Optional<PublishedCheckpoint> named(PublishedModel model, String name) {
        if (name == null || name.equals(Reference.Named.LATEST)) {
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

    private PublishedCheckpoint require(PublishedModel model, String name)
            throws ModelNotFoundException {
        return named(model, name)
                .orElseThrow(
                        () ->
                                new ModelNotFoundException(
                                        "no checkpoint '%s': %s"
                                                .formatted(name, explain(model, name))));
    }

    private PublishedModel require(String name) throws ModelNotFoundException {
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
