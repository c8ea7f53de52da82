package ai.llm360.zoo.transfer;

import ai.llm360.hub.HubCache;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubFile;
import ai.llm360.hub.HubPlan;
import ai.llm360.hub.HubSettings;
import ai.llm360.hub.HubSnapshot;
import ai.llm360.hub.TransferListener;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.zoo.HubReference;
import ai.llm360.zoo.catalogue.PublishedCheckpoint;
import ai.llm360.zoo.catalogue.PublishedRepository;
import ai.llm360.zoo.catalogue.Standing;
import ai.llm360.zoo.source.DirectoryTree;
import ai.llm360.zoo.source.TreeCheckpoint;
import ai.llm360.zoo.source.TreeException;
import ai.llm360.zoo.source.TreeFile;
import ai.llm360.zoo.source.TreeLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Pulls into a static tree, under the Hub's own branches and commits: a mirror of them.
 *
 * <p>Each checkpoint can be loaded once it is there. What was begun goes on where it stopped; what
 * is there is not downloaded again, and what the Hub's cache on this machine has gets a second name
 * in the tree, or a copy where it lies on another disk.
 */
public final class HubMirror implements PullTarget {

    private static final String DOWNLOADS = ".download";

    private final Path root;
    private final TreeLayout layout;
    private final HubSettings hub;
    private final Predicate<String> include;
    private final HubClient client;

    /**
     * Names what is to be mirrored.
     *
     * @param model the model's name in the tree
     * @param name the checkpoint's name in the tree
     * @param repository the Hub's repository
     * @param revision its branch, tag or commit
     * @param standing where the training stood
     */
    public record Source(
            String model, String name, String repository, String revision, Standing standing) {}

    /**
     * Creates a mirror.
     *
     * @param root the tree's directory: absent, empty, or a static tree
     * @param hub where to ask, and which cache may have files already
     * @param include which files are wanted, by their path in the repository
     */
    public HubMirror(Path root, HubSettings hub, Predicate<String> include) {
        this.root = root;
        layout = new TreeLayout(root.toAbsolutePath().normalize());
        this.hub = hub;
        this.include = include;
        client = HubClient.builder().setSettings(hub).build();
    }

    @Override
    public Path directory() {
        return root;
    }

    /** Returns where downloads go before their files get their names, on the tree's disk. */
    private Path downloads() {
        return layout.root().resolve(DOWNLOADS);
    }

    private HubClient downloader() {
        HubSettings here =
                new HubSettings(
                        hub.endpoint(), hub.token(), downloads(), hub.offline(), hub.proxies());
        return HubClient.builder().setSettings(here).build();
    }

    @Override
    public Planned plan(HubReference wanted) throws IOException {
        // What a mirror has by a repository's earlier name goes on by that.
        String first =
                PublishedRepository.names(wanted.repository()).stream()
                        .filter(name -> Files.isDirectory(root.resolve(name)))
                        .findFirst()
                        .orElse(wanted.repository());
        String repository =
                PublishedRepository.first(
                        client,
                        first,
                        name -> {
                            client.commit(name, wanted.revision());
                            return name;
                        });
        Source source = source(wanted, repository);
        HubPlan plan = plan(source);
        return new Planned(
                plan,
                plan.missingBytes(),
                plan.missingBytes(),
                listener -> {
                    PublishedRepository.require(client, plan);
                    return mirror(source, listener);
                });
    }

    /**
     * Names a published checkpoint as the catalogue does, and any other by its repository, in small
     * letters, and by its revision.
     */
    private static Source source(HubReference wanted, String repository) {
        Optional<PublishedCheckpoint> published = wanted.published();
        return new Source(
                published
                        .map(PublishedCheckpoint::model)
                        .orElse(repository.replaceFirst(".*/", "").toLowerCase(Locale.ROOT)),
                published
                        .map(PublishedCheckpoint::name)
                        .orElse(wanted.revision().replace('/', '-')),
                repository,
                wanted.revision(),
                published.map(PublishedCheckpoint::standing).orElse(Standing.UNKNOWN));
    }

    /**
     * Finds out what a download would do. No file is downloaded.
     *
     * @param source what is to be mirrored
     * @return the plan; nothing is missing of what the tree or the Hub's cache has
     * @throws IOException if the Hub doesn't know it, or the tree or the cache can't be read
     */
    public HubPlan plan(Source source) throws IOException {
        Wanted wanted = wanted(source);
        if (isWhole(wanted) || cached(wanted).isPresent()) {
            return wanted.plan(List.of(), Map.of());
        }
        if (Files.isDirectory(downloads())) { // some of it may be there
            HubPlan plan = downloader().plan(source.repository(), wanted.commit(), wanted::has);
            return wanted.plan(plan.missing(), plan.begun());
        }
        return wanted.plan(wanted.files(), Map.of());
    }

    /**
     * Mirrors a checkpoint.
     *
     * @param source what is to be mirrored
     * @param listener is told of bytes that have come
     * @return where its files lie
     * @throws TreeException if something else lies where the tree is to be, or another process
     *     writes it
     * @throws ai.llm360.hub.HubException if a file can't be had; asked again, it goes on
     * @throws IOException if the tree can't be written
     */
    public Path mirror(Source source, TransferListener listener) throws IOException {
        try (TreeWriter writer = TreeWriter.open(root)) {
            Wanted wanted = wanted(source);
            if (!isWhole(wanted)) {
                fetch(wanted, writer, listener);
            }
            return layout.files(source.repository(), wanted.commit());
        }
    }

    /** Removes what downloads have left, which all checkpoints share until then. */
    @Override
    public void finish() throws IOException {
        if (Files.isDirectory(downloads())) {
            try (TreeWriter writer = TreeWriter.open(root)) {
                AtomicDirectory.remove(writer.layout().root().resolve(DOWNLOADS));
            }
        }
    }

    private void fetch(Wanted wanted, TreeWriter writer, TransferListener listener)
            throws IOException {
        Source source = wanted.source();
        Optional<HubSnapshot> cached = cached(wanted);
        HubSnapshot snapshot = cached.isPresent() ? cached.get() : download(wanted, listener);
        List<HashedFile> files = new ArrayList<>();
        for (HubFile file : wanted.files()) {
            files.add(HashedFile.of(file, snapshot.path(file).toRealPath(), null));
        }
        TreeCheckpoint checkpoint =
                new TreeCheckpoint(
                        source.name(),
                        source.repository(),
                        source.revision(),
                        wanted.commit(),
                        source.standing(),
                        HashedFile.loadable(files));
        writer.put(checkpoint, wanted.all(), files, null);
        writer.announce(source.model(), List.of(checkpoint));
    }

    private HubSnapshot download(Wanted wanted, TransferListener listener) throws IOException {
        HubClient downloader = downloader();
        HubPlan plan = downloader.plan(wanted.source().repository(), wanted.commit(), wanted::has);
        return downloader.download(plan, listener);
    }

    /** Holds what is to be there in the end: what was asked for, and what is there already. */
    private record Wanted(
            Source source,
            String commit,
            List<HubFile> all,
            List<HubFile> files,
            Optional<TreeCheckpoint> there) {

        boolean has(String path) {
            return files.stream().anyMatch(file -> file.path().equals(path));
        }

        HubPlan plan(List<HubFile> missing, Map<HubFile, Long> begun) {
            return new HubPlan(
                    source.repository(), source.revision(), commit, files, missing, begun);
        }
    }

    private Wanted wanted(Source source) throws IOException {
        String commit = client.commit(source.repository(), source.revision());
        // All are asked for, so that the tree's list is the Hub's.
        List<HubFile> all = client.files(source.repository(), commit);
        Optional<TreeCheckpoint> there = there(source, commit);
        Set<String> had =
                there.map(TreeCheckpoint::files).orElse(List.of()).stream()
                        .map(TreeFile::path)
                        .collect(Collectors.toSet());
        List<HubFile> files =
                all.stream()
                        .filter(file -> include.test(file.path()) || had.contains(file.path()))
                        .toList();
        if (files.isEmpty()) {
            throw new TreeException(
                    source.repository() + "@" + source.revision(),
                    "none of its %d files is asked for".formatted(all.size()));
        }
        return new Wanted(source, commit, all, files, there);
    }

    private Optional<TreeCheckpoint> there(Source source, String commit) throws IOException {
        if (!Files.exists(layout.metadataFile(source.model()))) {
            return Optional.empty();
        }
        return new DirectoryTree(layout.root())
                .checkpoints(source.model()).stream()
                        .filter(one -> one.name().equals(source.name()))
                        .filter(one -> one.commit().equals(commit))
                        .findFirst();
    }

    /** Returns whether the tree has all that is wanted, as far as shows without reading 27 GB. */
    private boolean isWhole(Wanted wanted) throws IOException {
        if (wanted.there().isEmpty()) {
            return false;
        }
        Path directory = layout.files(wanted.source().repository(), wanted.commit());
        for (HubFile file : wanted.files()) {
            Path path = directory.resolve(file.path());
            if (!Files.isRegularFile(path) || Files.size(path) != file.size()) {
                return false;
            }
        }
        try {
            new DirectoryTree(layout.root()).directory(wanted.there().get(), null);
            return true;
        } catch (TreeException e) {
            return false;
        }
    }

    /** Returns what the Hub's cache on this machine has, if that is all. */
    private Optional<HubSnapshot> cached(Wanted wanted) throws IOException {
        return new HubCache(hub.cache())
                .snapshot(wanted.source().repository(), wanted.commit(), wanted::has)
                .filter(snapshot -> snapshot.files().size() == wanted.files().size());
    }
}
