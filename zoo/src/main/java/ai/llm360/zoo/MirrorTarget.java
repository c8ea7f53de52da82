package ai.llm360.zoo;

import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubPlan;
import ai.llm360.hub.HubSettings;
import ai.llm360.hub.TransferListener;
import ai.llm360.zoo.tree.HubMirror;
import ai.llm360.zoo.tree.Standing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Predicate;

/** Pulls into a static tree, under the Hub's own branches and commits: a mirror of them. */
public final class MirrorTarget implements PullTarget {

    private final Path tree;
    private final HubMirror mirror;
    private final HubClient client;

    /**
     * Creates a target.
     *
     * @param tree the tree's directory: absent, empty, or a static tree
     * @param hub where to ask, and which cache may have files already
     * @param include which files are wanted, by their path in the repository
     */
    public MirrorTarget(Path tree, HubSettings hub, Predicate<String> include) {
        this.tree = tree;
        mirror = new HubMirror(tree, hub, include);
        client = HubClient.builder().setSettings(hub).build();
    }

    @Override
    public Path directory() {
        return tree;
    }

    @Override
    public Planned plan(HubReference wanted) throws IOException {
        // What a mirror has by a repository's earlier name goes on by that.
        String first =
                PublishedRepository.names(wanted.repository()).stream()
                        .filter(name -> Files.isDirectory(tree.resolve(name)))
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
        HubMirror.Source source =
                wanted.published()
                        .map(checkpoint -> source(checkpoint, repository))
                        .orElseGet(() -> source(wanted, repository));
        return new IntoTree(client, mirror, source, mirror.plan(source));
    }

    @Override
    public void finish() throws IOException {
        mirror.finish();
    }

    /** A published checkpoint has the catalogue's names. */
    private static HubMirror.Source source(PublishedCheckpoint checkpoint, String repository) {
        Optional<String> phase =
                checkpoint.phase().isPresent()
                        ? Optional.of(Integer.toString(checkpoint.phase().getAsInt()))
                        : Optional.empty();
        return new HubMirror.Source(
                checkpoint.model(),
                checkpoint.name(),
                repository,
                checkpoint.revision(),
                new Standing(
                        phase, checkpoint.step(), checkpoint.tokens(), OptionalDouble.empty()));
    }

    /** Any other is named by its repository, in small letters, and by its revision. */
    private static HubMirror.Source source(HubReference wanted, String repository) {
        return new HubMirror.Source(
                repository.substring(repository.indexOf('/') + 1).toLowerCase(Locale.ROOT),
                wanted.revision().replace('/', '-'),
                repository,
                wanted.revision(),
                Standing.UNKNOWN);
    }

    private record IntoTree(
            HubClient client, HubMirror mirror, HubMirror.Source source, HubPlan plan)
            implements Planned {

        @Override
        public long bytesToDownload() {
            return plan.missingBytes();
        }

        @Override
        public long bytesToWrite() {
            return plan.missingBytes();
        }

        @Override
        public Path run(TransferListener listener) throws IOException {
            PublishedRepository.require(client, plan);
            return mirror.mirror(source, listener);
        }
    }
}
