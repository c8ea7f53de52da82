package ai.llm360.zoo.transfer;

import ai.djl.util.Progress;
import ai.llm360.hub.HubFile;
import ai.llm360.hub.HubRef;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.io.internal.WholeFile;
import ai.llm360.zoo.DecoderBlockFactory;
import ai.llm360.zoo.source.TreeCheckpoint;
import ai.llm360.zoo.source.TreeException;
import ai.llm360.zoo.source.TreeLayout;
import ai.llm360.zoo.source.TreeMetadata;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes into a tree, one process at a time. A checkpoint's files appear whole; nothing refers to
 * them before {@link #announce}, which replaces the small files that readers begin with.
 */
final class TreeWriter implements Closeable {

    private static final String MARKER =
            "{\"format_version\": %d}\n".formatted(TreeLayout.FORMAT_VERSION);

    private final TreeLayout layout;
    private final FileChannel lock;

    /** Files that were put into the tree, by what they hold. */
    private final Map<HubFile, Path> placed = new LinkedHashMap<>();

    private TreeWriter(TreeLayout layout, FileChannel lock) {
        this.layout = layout;
        this.lock = lock;
    }

    /**
     * Opens a tree, or begins one in an empty directory.
     *
     * @throws TreeException if something else lies there, or another process writes it
     */
    static TreeWriter open(Path root) throws IOException {
        TreeLayout layout = new TreeLayout(root.toAbsolutePath().normalize());
        if (layout.exists()) {
            requireVersion(layout.marker());
        } else {
            begin(layout);
        }
        FileChannel lock =
                FileChannel.open(
                        layout.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (!locked(lock)) {
            lock.close();
            throw new TreeException(root, "another process writes there; wait until it has ended");
        }
        AtomicDirectory.removeLeftovers(layout.root());
        return new TreeWriter(layout, lock);
    }

    private static void begin(TreeLayout layout) throws IOException {
        Files.createDirectories(layout.root());
        try (var entries = Files.list(layout.root())) {
            if (entries.anyMatch(entry -> !entry.equals(layout.lock()))) {
                throw new TreeException(
                        layout.root(),
                        "holds something else than published checkpoints; choose another"
                                + " directory");
            }
        }
        WholeFile.replace(layout.marker(), MARKER.getBytes(StandardCharsets.UTF_8));
    }

    private static void requireVersion(Path marker) throws IOException {
        String text = Files.readString(marker);
        if (!text.equals(MARKER)) {
            throw new TreeException(
                    marker,
                    "holds %s, not %s: use the version of this program that wrote it, or a newer one"
                            .formatted(text.strip(), MARKER.strip()));
        }
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    TreeLayout layout() {
        return layout;
    }

    /** Returns a model's checkpoints, in the order of training; none of one that isn't here. */
    List<TreeCheckpoint> checkpoints(String model) throws IOException {
        Path file = layout.metadataFile(model);
        return Files.exists(file) ? TreeMetadata.read(Files.readString(file), file) : List.of();
    }

    /** Names a commit by all that is in it. */
    static String commit(List<HashedFile> files) {
        return HashedFile.sha1(HubAnswers.listing(files.stream().map(HashedFile::listed).toList()));
    }

    /**
     * Puts a checkpoint's files into the tree, unless they are there: published before, or left by
     * a process that was killed before it announced them. Where one is missing or damaged, all come
     * anew.
     *
     * @param listing all files of the commit, of which those that come may be a part
     */
    void put(
            TreeCheckpoint checkpoint,
            List<HubFile> listing,
            List<HashedFile> files,
            Progress progress)
            throws IOException {
        String repository = checkpoint.repository();
        Path directory = layout.files(repository, checkpoint.commit());
        if (!has(directory, files)) {
            if (Files.exists(directory)) {
                AtomicDirectory.remove(directory);
            }
            if (progress != null) {
                long bytes = files.stream().mapToLong(file -> file.listed().size()).sum();
                progress.reset("writing " + checkpoint.name(), bytes);
            }
            AtomicDirectory.removeLeftovers(directory.getParent());
            try (AtomicDirectory out = AtomicDirectory.begin(directory)) {
                for (HashedFile file : files) {
                    Path target = out.path().resolve(file.listed().path());
                    file.place(target, placed.get(file.listed()), progress);
                }
                out.commit();
            }
            if (progress != null) {
                progress.end();
            }
        }
        for (HashedFile file : files) {
            placed.put(file.listed(), directory.resolve(file.listed().path()));
        }
        replace(layout.listing(repository, checkpoint.commit()), HubAnswers.listing(listing));
    }

    private static boolean has(Path directory, List<HashedFile> files) throws IOException {
        for (HashedFile file : files) {
            Path path = directory.resolve(file.listed().path());
            if (!Files.isRegularFile(path) || !HashedFile.has(path, file.sha1())) {
                return false;
            }
        }
        return true;
    }

    /**
     * Lets readers know of checkpoints: first the Hub's clients, then those that read the model's
     * metadata.
     *
     * @param added take the place of those of their names
     */
    void announce(String model, List<TreeCheckpoint> added) throws IOException {
        Map<String, TreeCheckpoint> all = new LinkedHashMap<>();
        checkpoints(model).forEach(checkpoint -> all.put(checkpoint.name(), checkpoint));
        added.forEach(checkpoint -> all.put(checkpoint.name(), checkpoint));
        List<TreeCheckpoint> sorted = new ArrayList<>(all.values());
        sorted.sort(Comparator.comparingLong(one -> one.standing().tokens().orElse(-1)));
        for (TreeCheckpoint checkpoint : added) {
            pointTo(checkpoint.repository(), checkpoint.revision(), checkpoint.commit());
        }
        String metadata = TreeMetadata.write(model, sorted, DecoderBlockFactory.ARGUMENTS);
        replace(layout.metadataFile(model), metadata.getBytes(StandardCharsets.UTF_8));
    }

    /** Makes a branch of a repository stand at a commit. */
    void pointTo(String repository, String branch, String commit) throws IOException {
        List<HubRef> refs = new ArrayList<>(branches(repository));
        refs.removeIf(ref -> ref.name().equals(branch));
        refs.add(new HubRef(branch, commit, false));
        replace(layout.revision(repository, branch), HubAnswers.revision(repository, commit));
        replace(layout.refs(repository), HubAnswers.refs(refs));
    }

    private List<HubRef> branches(String repository) throws IOException {
        Path file = layout.refs(repository);
        return Files.exists(file) ? HubAnswers.branches(Files.readString(file), file) : List.of();
    }

    private static void replace(Path file, byte[] content) throws IOException {
        Files.createDirectories(file.getParent());
        WholeFile.replace(file, content);
    }

    /**
     * Refuses a name that stands for other content.
     *
     * @return whether the name stands for this content already
     */
    boolean has(String model, TreeCheckpoint checkpoint) throws IOException {
        Optional<String> named =
                checkpoints(model).stream()
                        .filter(one -> one.name().equals(checkpoint.name()))
                        .map(TreeCheckpoint::commit)
                        .findFirst();
        Optional<String> branch =
                branches(checkpoint.repository()).stream()
                        .filter(ref -> ref.name().equals(checkpoint.revision()))
                        .map(HubRef::commit)
                        .findFirst();
        for (Optional<String> there : List.of(named, branch)) {
            if (there.isPresent() && !there.get().equals(checkpoint.commit())) {
                throw new TreeException(
                        layout.root(),
                        "has another %s of model %s or repository %s; publish under other names, or into another directory"
                                .formatted(checkpoint.name(), model, checkpoint.repository()));
            }
        }
        return named.isPresent();
    }

    /** Lets others write the tree. */
    @Override
    public void close() throws IOException {
        lock.close();
    }
}
