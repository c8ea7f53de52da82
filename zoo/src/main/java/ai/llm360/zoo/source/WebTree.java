package ai.llm360.zoo.source;

import ai.djl.util.Progress;
import ai.llm360.hub.HubCache;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubException;
import ai.llm360.hub.HubSettings;
import ai.llm360.hub.HubSnapshot;
import ai.llm360.io.internal.WholeFile;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** A tree that a web server gives: to its files' reader it is a Hub. */
final class WebTree implements StaticTree {

    private final URI tree;
    private final Path cache;
    private final HubClient client;

    WebTree(URI tree, Path cache, HubSettings settings) {
        this.tree = tree;
        this.cache = cache;
        // Without the token, which is for the Hub.
        client =
                HubClient.builder()
                        .setSettings(
                                new HubSettings(
                                        tree,
                                        Optional.empty(),
                                        cache,
                                        settings.offline(),
                                        settings.proxies()))
                        .build();
    }

    /** {@inheritDoc} Where the server can't be reached, what it said last. */
    @Override
    public List<TreeCheckpoint> checkpoints(String model) throws IOException {
        Path kept = new TreeLayout(cache).metadataFile(model);
        String json;
        try {
            json = client.json(TreeLayout.metadata(model));
        } catch (HubException e) {
            boolean noConnection =
                    e.getReason() == HubException.Reason.OFFLINE
                            || e.getReason() == HubException.Reason.UNREACHABLE;
            if (!noConnection || !Files.exists(kept)) {
                throw e;
            }
            return TreeMetadata.read(Files.readString(kept), kept);
        }
        List<TreeCheckpoint> checkpoints = TreeMetadata.read(json, tree + ", model " + model);
        try {
            Files.createDirectories(kept.getParent());
            WholeFile.replace(kept, json.getBytes(StandardCharsets.UTF_8));
        } catch (FileSystemException e) {
            // A cache that can't be written is still one that can be read.
        }
        return checkpoints;
    }

    @Override
    public Optional<Path> here(TreeCheckpoint checkpoint) throws IOException {
        Set<String> wanted = wanted(checkpoint);
        return new HubCache(cache)
                .snapshot(checkpoint.repository(), checkpoint.commit(), wanted::contains)
                .filter(snapshot -> snapshot.files().size() == wanted.size())
                .map(HubSnapshot::directory);
    }

    private static Set<String> wanted(TreeCheckpoint checkpoint) {
        return checkpoint.files().stream().map(TreeFile::path).collect(Collectors.toSet());
    }

    @Override
    public Path directory(TreeCheckpoint checkpoint, Progress progress) throws IOException {
        Set<String> wanted = wanted(checkpoint);
        HubSnapshot snapshot =
                client.snapshot(
                        checkpoint.repository(),
                        checkpoint.commit(),
                        wanted::contains,
                        DjlTransfer.of(progress));
        if (snapshot.files().size() != wanted.size()) {
            throw new TreeException(
                    tree,
                    "lists %d of the %d files of %s; publish the checkpoint anew"
                            .formatted(snapshot.files().size(), wanted.size(), checkpoint.name()));
        }
        return snapshot.directory();
    }
}
