package ai.llm360.zoo.source;

import ai.djl.util.Progress;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubFile;
import ai.llm360.hub.HubPlan;
import ai.llm360.zoo.catalogue.PublishedRepository;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;

/**
 * The download of a published checkpoint that isn't on this machine, before it is loaded: its
 * configuration, its tokenizer, and its weights in one format, into the Hub's cache. What lies
 * beside them on the Hub, such as evaluations, is left there.
 *
 * <pre>{@code
 * Optional<CheckpointDownload> download = Zoo.ofEnvironment().resolve("amber@ckpt-200").download();
 * if (download.isPresent()) {
 *     System.out.println(download.get().plan().missingBytes() + " bytes are to come");
 *     download.get().run(progress);
 * }
 * }</pre>
 *
 * @param reference the reference of the checkpoint, such as {@code amber@ckpt-200}
 * @param hub the client that downloads
 * @param plan the files and bytes that are downloaded
 */
public record CheckpointDownload(String reference, HubClient hub, HubPlan plan) {

    /**
     * Plans a download. The Hub is asked for a list of files; no file is downloaded.
     *
     * @param repository the Hub's repository
     * @param revision its branch, tag or commit
     * @param reference what it is called
     * @throws IOException if the Hub doesn't answer, or has no weights there
     */
    public static CheckpointDownload of(
            HubClient hub, String repository, String revision, String reference)
            throws IOException {
        Predicate<String> loadable =
                CheckpointFiles.WEIGHTS.stream()
                        .reduce(CheckpointFiles.wanted(List.of()), Predicate::or);
        HubPlan all = PublishedRepository.plan(hub, repository, revision, loadable);
        List<String> paths = all.files().stream().map(HubFile::path).toList();
        Predicate<String> wanted = CheckpointFiles.wanted(paths);
        if (paths.stream().noneMatch(CheckpointFiles::isWeights)) {
            throw new IOException(
                    "%s: %s, revision %s, has no weights: there are %s"
                            .formatted(
                                    reference,
                                    all.repository(),
                                    all.revision(),
                                    String.join(", ", paths)));
        }
        return new CheckpointDownload(
                reference,
                hub,
                paths.stream().allMatch(wanted)
                        ? all
                        : hub.plan(all.repository(), all.revision(), wanted));
    }

    /** {@return the Hub's cache, where the files go} */
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
