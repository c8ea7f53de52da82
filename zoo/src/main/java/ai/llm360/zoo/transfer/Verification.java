package ai.llm360.zoo.transfer;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.model.WeightPreparation;
import ai.llm360.hub.CacheVerifier;
import ai.llm360.hub.CachedRevisions;
import ai.llm360.hub.FileProblem;
import ai.llm360.hub.HubCache;
import ai.llm360.hub.HubFile;
import ai.llm360.hub.HubSnapshot;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.HubReference;
import ai.llm360.zoo.Reference;
import ai.llm360.zoo.SeriesPart;
import ai.llm360.zoo.Zoo;
import ai.llm360.zoo.catalogue.PublishedRepository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Reads checkpoints on this machine and compares them with what is known of their bytes: a pulled
 * one with the Hub's list of its files, one that comes with the library or lies beside a {@code
 * series.json} with the hashes in that, one that training saved with its manifest, and what was
 * prepared of any of them with the checksums that it carries.
 *
 * <pre>{@code
 * Verification verification = Verification.of(zoo, List.of("amber@ckpt-200"), path -> true);
 * for (Verification.Result result : verification.run(bytes -> {})) {
 *     result.problems().forEach(problem -> System.out.println(problem));
 * }
 * }</pre>
 */
public final class Verification {

    private static final int RUN_DEPTH = 4; // run/phase/resume/step-…/manifest.json

    private final Zoo zoo;
    private final HubCache cache;
    private final CacheVerifier verifier;
    private final Predicate<String> include;
    private final List<Checks.Check> checks = new ArrayList<>();

    private Verification(Zoo zoo, Predicate<String> include) throws IOException {
        this.zoo = zoo;
        this.cache = new HubCache(zoo.hub().cache());
        this.verifier = new CacheVerifier(cache.root());
        this.include = include;
    }

    /**
     * Says what was found.
     *
     * @param name the checkpoint, by its reference or path
     * @param repository the Hub's repository that it was pulled from; absent for another's
     * @param files how many files were compared
     * @param bytes how many bytes were to be read
     * @param problems what isn't as it should be; none if the checkpoint is whole
     */
    public record Result(
            String name,
            Optional<String> repository,
            int files,
            long bytes,
            List<FileProblem> problems) {

        /** Copies the list. */
        public Result {
            problems = List.copyOf(problems);
        }
    }

    /**
     * Finds what references name.
     *
     * @param zoo whose Hub's cache and model home are looked into
     * @param references published checkpoints and repositories as {@link Zoo#onHub} takes them,
     *     checkpoints by name, or paths: of a checkpoint, a series, or a training run
     * @param include which files of pulled checkpoints are to be there, by their path in the
     *     repository
     * @return what is to be verified; nothing is read yet
     * @throws ModelNotFoundException if there is no such checkpoint
     * @throws IOException if one isn't on this machine, or nothing says what its bytes should be
     */
    public static Verification of(Zoo zoo, List<String> references, Predicate<String> include)
            throws ModelNotFoundException, IOException {
        Verification verification = new Verification(zoo, include);
        for (String reference : references) {
            verification.add(reference);
        }
        return verification;
    }

    /**
     * Finds all that was pulled into the Hub's cache. Of these, only what is there is verified:
     * nobody says that all was wanted.
     *
     * @param zoo whose Hub's cache it is
     * @return what is to be verified; nothing is read yet
     * @throws IOException if the cache can't be read
     */
    public static Verification ofAll(Zoo zoo) throws IOException {
        Verification verification = new Verification(zoo, path -> true);
        for (CachedRevisions repository : verification.cache.repositories()) {
            for (String commit : repository.commits()) {
                verification.addPulled(repository.repository(), commit, commit, false);
            }
        }
        return verification;
    }

    private void add(String reference) throws ModelNotFoundException, IOException {
        if (SeriesPart.parse(reference).isPresent()) {
            for (CheckpointEntry one : zoo.series(reference)) {
                add(one.reference());
            }
            return;
        }
        Optional<Path> local = local(reference);
        if (local.isPresent()) {
            addLocal(reference, local.get());
            return;
        }
        for (HubReference hub : zoo.onHub(reference)) {
            for (String name :
                    PublishedRepository.cached(cache, hub.repository(), hub.revision())) {
                addPulled(name, hub.revision(), cache.commit(name, hub.revision()), true);
            }
        }
    }

    /** Returns where a reference leads if that isn't the Hub's cache. */
    private Optional<Path> local(String reference) throws ModelNotFoundException, IOException {
        Reference parsed;
        try {
            parsed = Reference.parse(reference);
        } catch (ModelNotFoundException e) {
            return Optional.empty(); // a repository without a revision
        }
        if (parsed instanceof HubReference) {
            return Optional.empty();
        }
        if (parsed instanceof Reference.AtPath at && Files.exists(at.path())) {
            return Optional.of(at.path()); // of a run, all that it has saved
        }
        CheckpointEntry found = zoo.checkpoint(reference);
        return found.source() == CheckpointEntry.Source.HUB
                ? Optional.empty()
                : Optional.of(found.path());
    }

    /** Adds a snapshot, and what was prepared of it, which lies beside its config.json. */
    private void addPulled(String repository, String revision, String commit, boolean wanted)
            throws IOException {
        List<HubFile> files =
                cache.files(repository, commit).stream()
                        .filter(file -> include.test(file.path()))
                        .toList();
        checks.add(Checks.pulled(verifier, repository, revision, commit, files, wanted));
        Optional<HubSnapshot> snapshot = cache.snapshot(repository, commit, "config.json"::equals);
        if (snapshot.isPresent()) {
            addPrepared(snapshot.get().directory());
        }
    }

    private void addLocal(String reference, Path path) throws IOException {
        Path directory = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
        int before = checks.size();
        for (Path state : states(directory)) {
            checks.add(Checks.state(state));
        }
        if (checks.size() == before) {
            checks.addAll(Checks.series(directory));
        }
        addPrepared(directory);
        if (checks.size() == before) {
            throw new IOException(
                    "%s: nothing says what the bytes of %s should be: it is neither pulled, nor has it a manifest.json or a series.json"
                            .formatted(reference, path));
        }
    }

    private void addPrepared(Path directory) throws IOException {
        try (Stream<Path> tree = Files.walk(directory, RUN_DEPTH)) {
            for (Path inside : tree.filter(Files::isDirectory).sorted().toList()) {
                for (Path file : WeightPreparation.files(inside)) {
                    checks.add(Checks.prepared(file));
                }
            }
        }
    }

    private static List<Path> states(Path directory) throws IOException {
        try (Stream<Path> tree = Files.walk(directory, RUN_DEPTH)) {
            return tree.filter(path -> path.endsWith(Checks.MANIFEST))
                    .map(Path::getParent)
                    .sorted()
                    .toList();
        }
    }

    /** {@return how many bytes there are to read} */
    public long bytes() {
        return checks.stream().mapToLong(Checks.Check::bytes).sum();
    }

    /**
     * Reads and compares.
     *
     * @param read is told how many bytes have been read, piece by piece
     * @return what was found, for each checkpoint
     * @throws IOException if a file can't be read, or a link leads out of the cache
     */
    public List<Result> run(LongConsumer read) throws IOException {
        List<Result> results = new ArrayList<>();
        for (Checks.Check check : checks) {
            results.add(check.run(read));
        }
        return results;
    }

    /**
     * Removes what is damaged of a pulled checkpoint, so that the next pull brings it anew. Nothing
     * else is touched, and nothing of checkpoints that weren't pulled.
     *
     * @param result what was found
     * @return how many contents were removed
     * @throws IOException if one can't be removed
     */
    public int removeDamaged(Result result) throws IOException {
        int removed = 0;
        for (FileProblem problem : result.problems()) {
            if (result.repository().isPresent() && problem.kind() == FileProblem.Kind.DAMAGED) {
                cache.removeDamaged(result.repository().get(), problem.path());
                removed++;
            }
        }
        return removed;
    }
}
