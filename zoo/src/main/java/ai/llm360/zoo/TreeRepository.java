package ai.llm360.zoo;

import ai.djl.Application;
import ai.djl.repository.AbstractRepository;
import ai.djl.repository.Artifact;
import ai.djl.repository.MRL;
import ai.djl.repository.Metadata;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.util.JsonUtils;
import ai.djl.util.Progress;
import ai.llm360.zoo.tree.TreeCheckpoint;
import ai.llm360.zoo.tree.TreeMetadata;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * DJL's view of a model in a static tree. {@code llm360+file:///tree/amber@ckpt-040} has one
 * artifact; {@code llm360+file:///tree/amber} has one for each checkpoint, the last first. Query
 * parameters, such as {@code ?dtype=bf16}, become the model's arguments.
 */
final class TreeRepository extends AbstractRepository {

    private final Reference.InTree reference;

    /** What was located, so that the tree isn't asked again for what is loaded of it. */
    private final Map<String, TreeCheckpoint> located = new ConcurrentHashMap<>();

    TreeRepository(String name, URI uri, Reference.InTree reference) {
        super(name, uri);
        this.reference = reference;
    }

    /** {@inheritDoc} The files don't come by DJL's own downloads. */
    @Override
    public boolean isRemote() {
        return false;
    }

    /** {@inheritDoc} It looks each time: a checkpoint may have been published since. */
    @Override
    public Metadata locate(MRL mrl) throws IOException {
        List<TreeCheckpoint> checkpoints =
                TreeModels.open(reference).checkpoints(reference.model());
        if (!reference.checkpoint().equals(Reference.Named.LATEST)) {
            try {
                checkpoints = List.of(TreeModels.find(checkpoints, reference, Catalogue.current()));
            } catch (ModelNotFoundException e) {
                throw new IOException(e.getMessage(), e);
            }
        }
        checkpoints.forEach(checkpoint -> located.put(checkpoint.name(), checkpoint));
        Metadata found =
                JsonUtils.GSON.fromJson(
                        TreeMetadata.write(reference.model(), checkpoints), Metadata.class);
        StrictTranslatorFactory.install(found);
        found.init(arguments);
        found.setRepositoryUri(mrl.toURI());
        return found;
    }

    /** {@inheritDoc} */
    @Override
    public Artifact resolve(MRL mrl, Map<String, String> filter) throws IOException {
        return locate(mrl).getArtifacts().stream()
                .filter(artifact -> filter == null || artifact.hasProperties(filter))
                .findFirst()
                .orElse(null);
    }

    /** {@inheritDoc} Files of a web server's tree are downloaded, whole and verified. */
    @Override
    public void prepare(Artifact artifact, Progress progress) throws IOException {
        directory(artifact, progress);
    }

    /** {@inheritDoc} */
    @Override
    public Path getResourceDirectory(Artifact artifact) throws IOException {
        return directory(artifact, null);
    }

    private Path directory(Artifact artifact, Progress progress) throws IOException {
        TreeCheckpoint checkpoint = located.get(artifact.getName());
        return TreeModels.open(reference).directory(checkpoint, progress);
    }

    /** {@inheritDoc} */
    @Override
    public Path getCacheDirectory() {
        return Path.of("");
    }

    /** {@inheritDoc} */
    @Override
    public List<MRL> getResources() {
        return List.of(
                model(Application.NLP.TEXT_GENERATION, MetadataJson.GROUP, reference.model()));
    }

    /** {@inheritDoc} */
    @Override
    public void addResource(MRL mrl) {
        throw new UnsupportedOperationException("a reference names one model");
    }
}
