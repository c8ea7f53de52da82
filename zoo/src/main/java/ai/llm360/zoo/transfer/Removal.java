package ai.llm360.zoo.transfer;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.hub.CacheRemoval;
import ai.llm360.hub.CachedRevisions;
import ai.llm360.hub.HubCache;
import ai.llm360.hub.HubException;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.HubReference;
import ai.llm360.zoo.Reference;
import ai.llm360.zoo.Zoo;
import ai.llm360.zoo.catalogue.PublishedRepository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Removes from this machine what can be pulled again, and only that. That is snapshots in the Hub's
 * cache, and directories of published checkpoints in the model home; never what a training has
 * saved, what comes with the library, or what a path names.
 */
public final class Removal {

    private static final Pattern PATH = Pattern.compile("(\\.|/|~|file:|llm360\\+).*");

    private final List<CacheRemoval> cached;
    private final Set<Path> directories;

    private Removal(List<CacheRemoval> cached, Set<Path> directories) {
        this.cached = cached.stream().filter(removal -> !removal.isEmpty()).toList();
        this.directories = directories;
    }

    /**
     * Plans the removal of checkpoints.
     *
     * @param zoo whose Hub's cache and model home are cleared
     * @param references published checkpoints, ranges of them, or repositories and their revisions,
     *     see {@link Zoo#onHub}; each with {@code @}, lest the last checkpoint be taken for all. Of
     *     a range, what is here.
     * @throws ModelNotFoundException if LLM360 published no such checkpoint
     * @throws IOException if a reference names nothing that is here, or something that can't be
     *     pulled again
     */
    public static Removal of(Zoo zoo, List<String> references)
            throws ModelNotFoundException, IOException {
        HubCache cache = new HubCache(zoo.hub().cache());
        Map<String, Set<String>> revisions = new LinkedHashMap<>();
        Set<Path> directories = new LinkedHashSet<>();
        for (String reference : references) {
            requireRevision(reference);
            List<HubReference> wanted = zoo.onHub(reference);
            Set<Path> own = reference.contains("/") ? Set.of() : directories(zoo, wanted);
            directories.addAll(own);
            HubException absent = null;
            boolean found = !own.isEmpty();
            for (HubReference hub : wanted) {
                try {
                    for (String name :
                            PublishedRepository.cached(cache, hub.repository(), hub.revision())) {
                        revisions
                                .computeIfAbsent(name, key -> new LinkedHashSet<>())
                                .add(cache.commit(name, hub.revision()));
                    }
                    found = true;
                } catch (HubException e) {
                    if (e.getReason() != HubException.Reason.NOT_FOUND) {
                        throw e;
                    }
                    absent = e;
                }
            }
            if (!found) {
                throw absent;
            }
        }
        List<CacheRemoval> cached = new ArrayList<>();
        for (Map.Entry<String, Set<String>> repository : revisions.entrySet()) {
            cached.add(cache.removal(repository.getKey(), repository.getValue()));
        }
        return new Removal(cached, directories);
    }

    private static void requireRevision(String reference) throws IOException {
        if (PATH.matcher(reference).matches()) {
            throw new IOException(
                    "'%s' is %s: only what can be pulled again is removed by name; remove other directories by the system's own means"
                            .formatted(
                                    reference,
                                    Reference.isInTree(reference) ? "in a static tree" : "a path"));
        }
        if (!reference.contains("@")) {
            throw new IOException(
                    "'%s' names no checkpoint: write which, such as amber@ckpt-200 or LLM360/Amber@main"
                            .formatted(reference));
        }
    }

    /** Returns the model home's directories of published checkpoints. */
    private static Set<Path> directories(Zoo zoo, List<HubReference> wanted)
            throws ModelNotFoundException, IOException {
        Set<Path> directories = new LinkedHashSet<>();
        for (HubReference hub : wanted) {
            CheckpointEntry checkpoint = zoo.checkpoint(hub.published().orElseThrow().reference());
            if (checkpoint.source() == CheckpointEntry.Source.HOME) {
                Path directory = checkpoint.path();
                Path model = directory.getParent();
                boolean trained =
                        RunDirectory.exists(model)
                                || (Files.exists(directory.resolve(Checks.MANIFEST))
                                        && CastSource.read(directory).isEmpty());
                if (trained || Files.isSymbolicLink(directory) || Files.isSymbolicLink(model)) {
                    throw new IOException(
                            "%s: %s is %s; remove it by the system's own means"
                                    .formatted(
                                            checkpoint.reference(),
                                            directory,
                                            trained ? "what a training saved" : "a link"));
                }
                directories.add(directory);
            }
        }
        return directories;
    }

    /**
     * Plans the removal of what no snapshot in the Hub's cache shows: contents, and what broken
     * downloads have left.
     *
     * @param zoo whose Hub's cache is cleared
     * @param repositories whose; empty for those that LLM360 published its checkpoints in
     * @throws IOException if the cache can't be read
     */
    public static Removal ofUnused(Zoo zoo, List<String> repositories) throws IOException {
        HubCache cache = new HubCache(zoo.hub().cache());
        Set<String> wanted = new LinkedHashSet<>(repositories);
        if (wanted.isEmpty()) {
            Set<String> published = zoo.catalogue().repositories();
            for (CachedRevisions found : cache.repositories()) {
                if (published.contains(found.repository())) {
                    wanted.add(found.repository());
                }
            }
        }
        List<CacheRemoval> removals = new ArrayList<>();
        for (String repository : wanted) {
            removals.add(cache.unused(repository));
        }
        return new Removal(removals, Set.of());
    }

    /** {@return the removals from the Hub's cache, by repository} */
    public List<CacheRemoval> cached() {
        return cached;
    }

    /** {@return the directories that go from the model home} */
    public List<Path> directories() {
        return List.copyOf(directories);
    }

    /** {@return whether there is nothing to remove} */
    public boolean isEmpty() {
        return cached.isEmpty() && directories.isEmpty();
    }

    /**
     * {@return the number of bytes that the removal frees}
     *
     * @throws IOException if a directory can't be read
     */
    public long bytes() throws IOException {
        long sum = cached.stream().mapToLong(CacheRemoval::bytes).sum();
        for (Path directory : directories) {
            sum += Checks.bytes(directory);
        }
        return sum;
    }

    /**
     * Removes it. What another process has come to use meanwhile stays.
     *
     * @return how many bytes that has freed
     * @throws IOException if something can't be removed; no checkpoint is left in part under its
     *     name
     */
    public long run() throws IOException {
        long freed = 0;
        for (CacheRemoval removal : cached) {
            freed += removal.run();
        }
        for (Path directory : directories) {
            freed += Checks.bytes(directory);
            AtomicDirectory.remove(directory);
        }
        return freed;
    }
}
