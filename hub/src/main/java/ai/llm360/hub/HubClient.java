package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Files of model repositories on the Hugging Face Hub, through the cache that Python's {@code
 * huggingface_hub} uses too.
 *
 * <p>A file is in the cache whole and verified, or not at all. A broken download goes on where it
 * stopped. What is there already is used without a connection where the revision is a commit, and
 * for a branch or tag where the Hub can't be reached. May be used from several threads and several
 * processes at once.
 *
 * <p>On a line of more than about 100 MB/s the JDK's HTTP client is the limit, with its buffers of
 * 16 KiB: the system property {@code jdk.httpclient.bufsize} set to {@code 262144}, before any such
 * client is first used, halves what a byte costs. It is the whole process' setting, so it isn't set
 * here.
 *
 * <p>A repository is named as {@code LLM360/Amber} is; a revision is a branch, a tag or a commit,
 * and a commit 40 hexadecimal digits. Files are chosen by their paths in the repository. Beside
 * what is named, {@link IOException} tells that the cache can't be read.
 */
public final class HubClient {

    private final HubSettings settings;
    private final HubHttp http;
    private final HubApi api;
    private final Sleeper sleeper;
    private final int connections;
    private final int partBytes;
    private final FreeSpace freeSpace;

    private HubClient(Builder builder) {
        settings = builder.settings;
        sleeper = builder.sleeper();
        connections = builder.connections;
        partBytes = builder.partBytes;
        freeSpace = builder.freeSpace;
        http = new HubHttp(settings, builder.silence, builder.http);
        api = new HubApi(http, sleeper);
    }

    /** Creates a builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return the settings of this client} */
    public HubSettings settings() {
        return settings;
    }

    /**
     * {@return the branches of a repository, then its tags, from the Hub}
     *
     * @throws HubException if the Hub doesn't give them
     * @throws IOException if interrupted
     */
    public List<HubRef> refs(String repository) throws IOException {
        return api.refs(HubNames.repository(repository));
    }

    /**
     * {@return a JSON file that the endpoint has beside its repositories, such as a static tree's
     * {@code metadata.json}} It isn't kept in the cache.
     *
     * @param path its path below the endpoint
     * @throws HubException if there is none, it isn't JSON, or the endpoint can't be reached
     * @throws IOException if interrupted
     */
    public String json(String path) throws IOException {
        return api.json(HubNames.path(path));
    }

    /**
     * Finds the commit that a revision stands at. A commit is its own answer; for a branch or tag
     * the Hub is asked, and where it can't be reached, the cache.
     *
     * @return the commit, 40 hexadecimal digits
     * @throws HubException if there is none
     */
    public String commit(String repository, String revision) throws IOException {
        return commit(api, cache(repository), HubNames.revision(revision));
    }

    private CachedRepository cache(String repository) throws HubException {
        return new CachedRepository(settings.cache(), HubNames.repository(repository));
    }

    private String commit(HubApi api, CachedRepository cache, String revision) throws IOException {
        if (HubNames.isGitHash(revision)) {
            return revision;
        }
        Optional<String> known = cache.ref(revision);
        if (settings.offline() && known.isPresent()) {
            return known.get();
        }
        try {
            return api.commit(cache.name(), revision);
        } catch (HubException e) {
            return unlessCached(known, e);
        }
    }

    /**
     * Lists the files of a commit, from the cache if it has the list, else from the Hub.
     *
     * @return the files; without a connection and a list, those that the cache has
     * @throws HubException if nobody knows
     */
    public List<HubFile> files(String repository, String commit) throws IOException {
        return files(api, cache(repository), HubNames.gitHash(commit));
    }

    private List<HubFile> files(HubApi api, CachedRepository cache, String commit)
            throws IOException {
        Optional<List<HubFile>> known = cache.listing(commit);
        if (known.isPresent()) {
            return known.get();
        }
        List<HubFile> files;
        try {
            files = api.files(cache.name(), commit);
        } catch (HubException e) {
            return unlessCached(
                    Optional.of(cache.found(commit)).filter(found -> !found.isEmpty()), e);
        }
        try {
            cache.saveListing(commit, files);
        } catch (FileSystemException e) {
            // A cache that can't be written is still one that can be read.
        }
        return files;
    }

    private static <T> T unlessCached(Optional<T> known, HubException e) throws HubException {
        boolean noConnection =
                e.getReason() == Reason.OFFLINE || e.getReason() == Reason.UNREACHABLE;
        if (noConnection && known.isPresent()) {
            return known.get();
        }
        throw e;
    }

    /**
     * Finds out what a download would do. No file is downloaded.
     *
     * @throws HubException if there is no such repository, revision or file, or connections are off
     *     and the cache doesn't have all that is wanted
     */
    public HubPlan plan(String repository, String revision, Predicate<String> include)
            throws IOException {
        CachedRepository cache = cache(repository);
        String commit = commit(api, cache, HubNames.revision(revision));
        List<HubFile> all = files(api, cache, commit);
        List<HubFile> files = all.stream().filter(file -> include.test(file.path())).toList();
        if (files.isEmpty()) {
            throw new HubException(
                    Reason.NOT_FOUND,
                    "%s@%s: none of its files is asked for: it has %s"
                            .formatted(repository, revision, some(all)));
        }
        Map<String, HubFile> missing = new LinkedHashMap<>();
        Map<HubFile, Long> begun = new HashMap<>();
        for (HubFile file : files) {
            if (!cache.has(commit, file) && !cache.hasBlob(file)) {
                if (missing.put(file.etag().orElseThrow(), file) == null) {
                    begun.put(file, cache.begun(file));
                }
            }
        }
        if (settings.offline() && !missing.isEmpty()) {
            throw new HubException(
                    Reason.OFFLINE,
                    "%s@%s: HF_HUB_OFFLINE or ai.djl.offline is set, and %s lacks %s; unset it to download"
                            .formatted(
                                    repository,
                                    revision,
                                    settings.cache(),
                                    some(List.copyOf(missing.values()))));
        }
        return new HubPlan(
                repository, revision, commit, files, List.copyOf(missing.values()), begun);
    }

    private static String some(List<HubFile> files) {
        String names = String.join(", ", files.stream().limit(12).map(HubFile::path).toList());
        return files.size() <= 12 ? names : "%s … (%d in all)".formatted(names, files.size());
    }

    /**
     * Does what was planned.
     *
     * @param listener is told of bytes on the disk; may be null
     * @return the files, all of them whole
     * @throws HubException if a file can't be had; those that are whole stay, of others the
     *     beginning
     * @throws IOException if the cache can't be written, or on an interrupt
     */
    public HubSnapshot download(HubPlan plan, TransferListener listener) throws IOException {
        CachedRepository cache = cache(plan.repository());
        TransferProgress progress = new TransferProgress(listener);
        BlobDownload blobs =
                new BlobDownload(http, sleeper, cache, plan.commit(), partBytes, progress);
        if (!plan.missing().isEmpty()) {
            new SnapshotDownload(plan, cache, blobs, connections, freeSpace).run(progress);
        }
        for (HubFile file : plan.files()) {
            blobs.show(file, connections);
        }
        rememberRevision(plan, cache);
        return new HubSnapshot(
                plan.repository(), plan.commit(), cache.snapshot(plan.commit()), plan.files());
    }

    /**
     * {@return how many bytes fit on a disk}
     *
     * @param directory a directory on it, which need not exist yet
     * @throws IOException if the system doesn't tell
     */
    public long freeBytes(Path directory) throws IOException {
        return freeSpace.at(directory);
    }

    /**
     * Refuses what doesn't fit on a disk.
     *
     * @param directory a directory on it, which need not exist yet
     * @param bytes how much is to be written
     * @param what what for, for the message
     * @throws HubException if it doesn't fit
     * @throws IOException if the system doesn't tell
     */
    public void requireSpace(Path directory, long bytes, String what) throws IOException {
        freeSpace.require(directory, bytes, what);
    }

    /** Last, so that a revision is known without a connection only with what belongs to it. */
    private static void rememberRevision(HubPlan plan, CachedRepository cache) throws IOException {
        if (HubNames.isGitHash(plan.revision())) {
            return;
        }
        try {
            cache.saveRef(plan.revision(), plan.commit());
        } catch (FileSystemException e) {
            if (!plan.missing().isEmpty()) {
                throw e;
            }
            // Nothing was to be written: a cache that is read only serves what it has.
        }
    }

    /**
     * Returns files of a revision, downloading what isn't in the cache.
     *
     * @param listener is told of bytes on the disk; may be null
     * @return the files, all of them whole
     * @throws HubException if a file can't be had
     * @throws IOException if the cache can't be read or written, or on an interrupt
     */
    public HubSnapshot snapshot(
            String repository,
            String revision,
            Predicate<String> include,
            TransferListener listener)
            throws IOException {
        return download(plan(repository, revision, include), listener);
    }

    /**
     * Opens a revision to read it without downloading it.
     *
     * <pre>{@code
     * RemoteSnapshot amber = client.remote("LLM360/Amber", "ckpt_200");
     * try (Checkpoint checkpoint = Checkpoint.open(amber.root(), List.of("lm_head.weight"))) {
     *     ByteBuffer rows = checkpoint.read("lm_head.weight", TensorType.F32, 0, 16);
     * }
     * }</pre>
     *
     * @throws HubException if there is no such repository or revision
     */
    public RemoteSnapshot remote(String repository, String revision) throws IOException {
        return remote(repository, revision, false);
    }

    /**
     * Opens a revision to read its large files once, checked by their hashes, without storing them.
     *
     * @return the pass, the caller's to close
     * @throws HubException if there is no such repository or revision
     */
    public HubPass pass(String repository, String revision) throws IOException {
        return new HubPass(remote(repository, revision, true));
    }

    private RemoteSnapshot remote(String repository, String revision, boolean remembering)
            throws IOException {
        CachedRepository cache = cache(repository);
        HubHttp counting = http.counting();
        HubApi counted = new HubApi(counting, sleeper);
        String commit = commit(counted, cache, HubNames.revision(revision));
        return new RemoteSnapshot(
                counting,
                cache,
                commit,
                files(counted, cache, commit),
                (file, what) ->
                        new RemoteFile(
                                file,
                                new RangeReader(
                                        counting, sleeper, cache.name(), commit, file, true),
                                what,
                                connections,
                                partBytes,
                                remembering));
    }

    /** Builds a {@link HubClient}. */
    public static final class Builder {

        private HubSettings settings;
        private int connections = 8;
        private int partBytes = 8 << 20;
        private Duration silence = Duration.ofSeconds(30);
        private HttpClient.Builder http = HttpClient.newBuilder();
        private Sleeper sleeper = duration -> Thread.sleep(duration.toMillis());
        private Consumer<HubRetry> retries = retry -> {};
        private FreeSpace freeSpace = directory -> Files.getFileStore(directory).getUsableSpace();

        private Builder() {}

        /** Sets which Hub and which cache, such as {@link HubSettings#ofEnvironment}. */
        public Builder setSettings(HubSettings settings) {
            this.settings = settings;
            return this;
        }

        /** Sets how many connections download at once, 8 by default. Each needs 8 MiB of heap. */
        public Builder optConnections(int connections) {
            if (connections < 1) {
                throw new IllegalArgumentException(
                        "connections is " + connections + "; expected at least 1");
            }
            this.connections = connections;
            return this;
        }

        /**
         * Sets who is told of each failure that may pass, before the client waits and tries again:
         * from several threads at once. By default nobody is.
         */
        public Builder optRetryListener(Consumer<HubRetry> listener) {
            retries = listener;
            return this;
        }

        private Sleeper sleeper() {
            return new Sleeper() {
                @Override
                public void sleep(Duration duration) throws InterruptedException {
                    sleeper.sleep(duration);
                }

                @Override
                public void before(HubRetry retry) {
                    retries.accept(retry);
                }
            };
        }

        Builder optPartBytes(int partBytes) {
            this.partBytes = partBytes;
            return this;
        }

        Builder optSilence(Duration silence) {
            this.silence = silence;
            return this;
        }

        Builder optHttp(HttpClient.Builder http) {
            this.http = http;
            return this;
        }

        Builder optSleeper(Sleeper sleeper) {
            this.sleeper = sleeper;
            return this;
        }

        Builder optFreeSpace(FreeSpace freeSpace) {
            this.freeSpace = freeSpace;
            return this;
        }

        /** Builds the client. */
        public HubClient build() {
            if (settings == null) {
                throw new IllegalArgumentException("setSettings is required");
            }
            return new HubClient(this);
        }
    }
}
