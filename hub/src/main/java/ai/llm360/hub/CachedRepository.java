package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import ai.llm360.io.internal.WholeFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * One repository's directory in the cache, as Python's {@code huggingface_hub} lays it out.
 *
 * <p>{@code blobs/} holds contents by their hash, {@code snapshots/<commit>/} links to them by
 * their path, {@code refs/<revision>} the commit of a branch or tag, {@code trees/<commit>.json}
 * the list of a commit's files. What has a name in {@code blobs} or {@code snapshots} is whole.
 */
final class CachedRepository {

    private static final String FOLDER = "models--";
    private static final String PARTIAL = ".llm360.incomplete";
    private static final String TEMPORARY = ".llm360-";

    private final Path root;
    private final String name;
    private final Path directory;

    CachedRepository(Path root, String name) {
        this.root = root;
        this.name = name;
        this.directory = root.resolve(folder());
    }

    private String folder() {
        return FOLDER + name.replace("/", "--");
    }

    /** Returns the models' repositories that have a directory in a cache. */
    static List<CachedRepository> all(Path root) throws IOException {
        if (!Files.isDirectory(root)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(root)) {
            return entries.filter(Files::isDirectory)
                    .map(entry -> entry.getFileName().toString())
                    .filter(folder -> folder.startsWith(FOLDER))
                    .map(folder -> folder.substring(FOLDER.length()).replace("--", "/"))
                    .filter(HubNames::isRepository)
                    .sorted()
                    .map(name -> new CachedRepository(root, name))
                    .toList();
        }
    }

    String name() {
        return name;
    }

    Path directory() {
        return directory;
    }

    Path snapshot(String commit) {
        return directory.resolve("snapshots").resolve(commit);
    }

    Path blob(HubFile file) {
        return directory.resolve("blobs").resolve(file.etag().orElseThrow());
    }

    /**
     * The beginning of a blob. Python's cache tools know the ending, and its downloads not the
     * name.
     */
    Path partial(HubFile file) {
        return directory.resolve("blobs").resolve(file.etag().orElseThrow() + PARTIAL);
    }

    /** Returns how many bytes of a file are there to go on from. */
    long begun(HubFile file) throws IOException {
        Path partial = partial(file);
        long size = Files.isRegularFile(partial) ? Files.size(partial) : 0;
        return size <= file.size() ? size : 0;
    }

    Path lock(HubFile file) {
        return lock(file.etag().orElseThrow());
    }

    Path lock(String hash) {
        return root.resolve(".locks").resolve(folder()).resolve(hash + ".lock");
    }

    /** Tells whether a file is the beginning of a blob that this library has downloaded. */
    static boolean isOwnPartial(Path path) {
        return path.getFileName().toString().endsWith(PARTIAL);
    }

    /** Makes the place for blobs, if nothing leads it elsewhere. */
    void prepare() throws IOException {
        makeDirectory(directory.resolve("blobs"));
    }

    /** Tells whether a file's bytes are here, whole. */
    boolean hasBlob(HubFile file) throws IOException {
        return file.etag().isPresent() && isWhole(blob(file), file);
    }

    /** Tells whether a file is here by its path: as a link to its blob, or itself without links. */
    boolean has(String commit, HubFile file) throws IOException {
        Path path = shown(commit, file);
        if (Files.isSymbolicLink(path) && file.etag().isPresent()) {
            Path target = Files.readSymbolicLink(path).getFileName();
            if (target == null || !target.toString().equals(file.etag().get())) {
                requireInside(path);
                return false;
            }
        }
        return isWhole(path, file);
    }

    private Path shown(String commit, HubFile file) throws HubException {
        try {
            return snapshot(commit).resolve(file.path());
        } catch (InvalidPathException e) {
            throw new HubException(
                    Reason.REFUSED,
                    "%s: this system can't have a file of the name '%s'; is the locale one of UTF-8?"
                            .formatted(name, HubNames.printable(file.path())),
                    e);
        }
    }

    private boolean isWhole(Path path, HubFile file) throws IOException {
        return leadsToFile(path) && Files.size(path) == file.size();
    }

    /** Tells whether a path is a file's, or leads to one in the cache. */
    boolean leadsToFile(Path path) throws IOException {
        if (!Files.exists(path)) {
            return false;
        }
        requireInside(path);
        return Files.isRegularFile(path);
    }

    /** Refuses a directory of which a part has been led out of the cache. */
    void requireInside() throws IOException {
        for (String part : new String[] {"blobs", "snapshots", "refs", "trees"}) {
            requireInside(directory.resolve(part));
        }
    }

    /** Refuses what links have led out of the cache. */
    private void requireInside(Path path) throws IOException {
        Path real;
        try {
            real = path.toRealPath();
        } catch (NoSuchFileException e) {
            return; // a link to nothing leads nowhere
        }
        // A repository may be moved to another disk and linked; its files may not stray from there.
        if (!real.startsWith(root.toRealPath()) && !real.startsWith(directory.toRealPath())) {
            throw new HubException(
                    Reason.REFUSED,
                    "%s leads out of the cache, to %s; remove that link and ask again"
                            .formatted(path, real));
        }
    }

    private void makeDirectory(Path wanted) throws IOException {
        Path existing = wanted;
        while (!Files.exists(existing, LinkOption.NOFOLLOW_LINKS)) {
            existing = existing.getParent();
        }
        if (existing.startsWith(directory)) {
            requireInside(existing);
        }
        Files.createDirectories(wanted);
    }

    /** Shows a whole blob in a commit; nothing is done if it is shown already. */
    void link(String commit, HubFile file) throws IOException {
        if (has(commit, file)) {
            return;
        }
        Path path = shown(commit, file);
        makeDirectory(path.getParent());
        try {
            makeLink(path, blob(file));
        } catch (FileAlreadyExistsException e) {
            if (!has(commit, file)) { // else another process was faster
                Files.delete(path);
                makeLink(path, blob(file));
            }
        }
    }

    private static void makeLink(Path path, Path blob) throws IOException {
        try {
            Files.createSymbolicLink(path, path.getParent().relativize(blob));
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            // Windows asks for a privilege; a second name for the same bytes does as well.
            Files.createLink(path, blob);
        }
    }

    /** Returns the commit that a branch or tag stood at when it was last asked for. */
    Optional<String> ref(String revision) throws IOException {
        Path path = directory.resolve("refs").resolve(revision);
        if (!Files.isRegularFile(path)) {
            return Optional.empty();
        }
        // Whatever bytes it has: only a commit's digits count.
        return Optional.of(Files.readString(path, StandardCharsets.ISO_8859_1).strip())
                .filter(HubNames::isGitHash);
    }

    void saveRef(String revision, String commit) throws IOException {
        if (!ref(revision).equals(Optional.of(commit))) {
            replace(directory.resolve("refs").resolve(revision), commit);
        }
    }

    /**
     * Removes the damaged content of a path in a snapshot, and then what leads to it. In this
     * order, since a blob that no link shows would be taken for whole by the next download.
     */
    void removeDamaged(Path path) throws IOException {
        requireInside(path);
        if (!Files.isSymbolicLink(path)) {
            Files.deleteIfExists(path);
            return;
        }
        Path name = Files.readSymbolicLink(path).getFileName();
        Files.deleteIfExists(directory.resolve("blobs").resolve(name));
        for (List<Path> files : RepositoryContents.of(this).snapshots().values()) {
            for (Path file : files) {
                if (Files.isSymbolicLink(file)
                        && name.equals(Files.readSymbolicLink(file).getFileName())) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    void removeRef(String revision) throws IOException {
        Path path = directory.resolve("refs").resolve(revision);
        requireInside(path.getParent());
        Files.deleteIfExists(path);
    }

    /** Returns the list of a commit's files, if it is here. */
    Optional<List<HubFile>> listing(String commit) throws IOException {
        Path path = listingPath(commit);
        return Files.isRegularFile(path)
                ? TreeListing.read(new String(Files.readAllBytes(path), StandardCharsets.UTF_8))
                : Optional.empty();
    }

    void saveListing(String commit, List<HubFile> files) throws IOException {
        replace(listingPath(commit), TreeListing.write(files));
    }

    void removeListing(String commit) throws IOException {
        Files.deleteIfExists(listingPath(commit));
    }

    private Path listingPath(String commit) {
        return directory.resolve("trees").resolve(commit + ".json");
    }

    /** Returns what there is of a commit without any list of what should be. */
    List<HubFile> found(String commit) throws IOException {
        Path snapshot = snapshot(commit);
        List<HubFile> files = new ArrayList<>();
        if (!Files.isDirectory(snapshot)) {
            return files;
        }
        try (Stream<Path> tree = Files.walk(snapshot)) {
            for (Path path : (Iterable<Path>) tree.sorted()::iterator) {
                requireInside(path);
                if (Files.isRegularFile(path)) {
                    String relative = snapshot.relativize(path).toString();
                    String slashed = relative.replace(path.getFileSystem().getSeparator(), "/");
                    files.add(found(slashed, path));
                }
            }
        }
        return files;
    }

    private static HubFile found(String relative, Path path) throws IOException {
        String hash =
                Files.isSymbolicLink(path)
                        ? String.valueOf(Files.readSymbolicLink(path).getFileName())
                        : "";
        return HubFile.of(
                relative,
                Files.size(path),
                HubNames.isGitHash(hash) ? hash : null,
                HubNames.isSha256(hash) ? hash : null);
    }

    /**
     * Makes up a name for what has none yet or none any more. Not beside what it is for: Python
     * takes every file in refs for a branch.
     */
    Path temporary() {
        return directory.resolve(TEMPORARY + UUID.randomUUID() + ".tmp");
    }

    static boolean isTemporary(Path path) {
        String name = path.getFileName().toString();
        return name.startsWith(TEMPORARY) && name.endsWith(".tmp");
    }

    private void replace(Path path, String text) throws IOException {
        makeDirectory(path.getParent());
        Path temporary = temporary();
        try {
            WholeFile.create(temporary, text.getBytes(StandardCharsets.UTF_8));
            Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }
}
