package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.util.Progress;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubFile;
import ai.llm360.hub.HubPlan;
import ai.llm360.hub.HubRetry;
import ai.llm360.hub.HubSettings;
import ai.llm360.zoo.tree.DjlTransfer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The download of a published checkpoint that isn't on this machine, before it is loaded: its
 * configuration, its tokenizer, and its weights in one format, into the Hub's cache. What lies
 * beside them on the Hub, such as evaluations, is left there.
 *
 * <pre>{@code
 * Optional<CheckpointDownload> download = CheckpointDownload.of("amber@ckpt-200");
 * if (download.isPresent()) {
 *     download.get().run(progress);
 * }
 * }</pre>
 */
public final class CheckpointDownload {

    private static final String OFFLINE = "HF_HUB_OFFLINE or ai.djl.offline is set, and ";

    private final HubReference checkpoint;
    private final HubClient hub;
    private final HubPlan plan;

    private CheckpointDownload(HubReference checkpoint, HubClient hub, HubPlan plan) {
        this.checkpoint = checkpoint;
        this.hub = hub;
        this.plan = plan;
    }

    /**
     * Finds out what must be downloaded before a reference can be loaded. The Hub is asked for a
     * list of files, and if need be for one of branches; no file is downloaded.
     *
     * @param reference any {@link Reference} to one checkpoint
     * @return the download; empty if the checkpoint is on this machine, for a path, and for a
     *     static tree
     * @throws ModelNotFoundException if the reference names nothing, or connections are switched
     *     off and it is not on this machine
     * @throws IOException if the Hub doesn't answer, or the cache can't be read
     */
    public static Optional<CheckpointDownload> of(String reference)
            throws ModelNotFoundException, IOException {
        return of(reference, retry -> {});
    }

    /**
     * Finds out the same, and says where it takes its time.
     *
     * @param reference any {@link Reference} to one checkpoint
     * @param retries is told of failures that may pass, here and in the download: see {@link
     *     HubClient.Builder#optRetryListener}
     * @return the download; empty if the checkpoint is on this machine, for a path, and for a
     *     static tree
     * @throws ModelNotFoundException if the reference names nothing, or connections are switched
     *     off and it is not on this machine
     * @throws IOException if the Hub doesn't answer, or the cache can't be read
     */
    public static Optional<CheckpointDownload> of(String reference, Consumer<HubRetry> retries)
            throws ModelNotFoundException, IOException {
        return of(Reference.parse(reference), retries);
    }

    static Optional<CheckpointDownload> of(Reference reference)
            throws ModelNotFoundException, IOException {
        return of(reference, retry -> {});
    }

    private static Optional<CheckpointDownload> of(Reference reference, Consumer<HubRetry> retries)
            throws ModelNotFoundException, IOException {
        if (reference instanceof Reference.Named named) {
            return of(named, retries);
        }
        if (!(reference instanceof HubReference wanted) || wanted.pulled().isPresent()) {
            return Optional.empty();
        }
        HubSettings settings = HubSettings.ofEnvironment();
        if (settings.offline()) {
            throw new ModelNotFoundException(OFFLINE + wanted.absent());
        }
        return Optional.of(of(settings, wanted, retries));
    }

    private static CheckpointDownload of(
            HubSettings settings, HubReference wanted, Consumer<HubRetry> retries)
            throws IOException {
        HubClient hub = HubClient.builder().setSettings(settings).optRetryListener(retries).build();
        return new CheckpointDownload(wanted, hub, plan(hub, wanted));
    }

    static Optional<CheckpointDownload> of(Reference.Named reference)
            throws ModelNotFoundException, IOException {
        return of(reference, retry -> {});
    }

    private static Optional<CheckpointDownload> of(
            Reference.Named reference, Consumer<HubRetry> retries)
            throws ModelNotFoundException, IOException {
        ModelHome home = ModelHome.get();
        if (!home.catalogue().needsList(reference) && home.has(reference)) {
            return Optional.empty();
        }
        HubSettings settings = HubSettings.ofEnvironment();
        Optional<PublishedCheckpoint> wanted =
                Catalogue.deciding(reference.toString()).find(reference);
        home = ModelHome.get(); // the Hub may have been asked in between
        if (home.has(reference)) {
            return Optional.empty();
        }
        if (wanted.isEmpty() || settings.offline()) {
            throw new ModelNotFoundException(
                    (wanted.isEmpty() ? "" : OFFLINE) + home.explain(reference));
        }
        return Optional.of(of(settings, HubReference.of(wanted.get()), retries));
    }

    static HubPlan plan(HubClient hub, HubReference checkpoint) throws IOException {
        Predicate<String> loadable =
                CheckpointFiles.WEIGHTS.stream()
                        .reduce(CheckpointFiles.wanted(List.of()), Predicate::or);
        HubPlan all =
                PublishedRepository.plan(
                        hub, checkpoint.repository(), checkpoint.revision(), loadable);
        List<String> paths = all.files().stream().map(HubFile::path).toList();
        Predicate<String> wanted = CheckpointFiles.wanted(paths);
        if (paths.stream().noneMatch(CheckpointFiles::isWeights)) {
            throw new IOException(
                    "%s: %s, revision %s, has no weights: there are %s"
                            .formatted(
                                    checkpoint.name(),
                                    all.repository(),
                                    all.revision(),
                                    String.join(", ", paths)));
        }
        return paths.stream().allMatch(wanted)
                ? all
                : hub.plan(all.repository(), all.revision(), wanted);
    }

    /**
     * Returns what is downloaded.
     *
     * @return the checkpoint that the reference names, such as {@code amber@ckpt-200}
     */
    public String reference() {
        return checkpoint.name();
    }

    /**
     * Returns how much is downloaded.
     *
     * @return files and bytes
     */
    public HubPlan plan() {
        return plan;
    }

    /**
     * Returns where to.
     *
     * @return the Hub's cache
     */
    public Path cache() {
        return hub.settings().cache();
    }

    /**
     * Downloads. What an earlier, broken download has left is gone on with.
     *
     * @param progress is told of bytes on the disk; may be null
     * @return the checkpoint's directory
     * @throws IOException if the Hub gives a file not, or damaged, or another model, or the cache
     *     can't be written
     */
    public Path run(Progress progress) throws IOException {
        PublishedRepository.require(hub, plan);
        return hub.download(plan, DjlTransfer.of(progress)).directory();
    }
}
