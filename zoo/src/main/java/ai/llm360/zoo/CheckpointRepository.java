package ai.llm360.zoo;

import ai.djl.repository.AbstractRepository;
import ai.djl.repository.Artifact;
import ai.djl.repository.MRL;
import ai.djl.repository.Metadata;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.util.Progress;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * DJL's view of one reference: a repository with one model, whose artifacts are its checkpoints.
 *
 * <p>{@code llm360://amber@ckpt-200} has one artifact; {@code llm360://amber} has one for each
 * checkpoint, the last first, whether it is on this machine or not, each with the property {@code
 * checkpoint}; {@code llm360:///a/directory} has the one at the path. Query parameters, such as
 * {@code ?dtype=bf16}, become the model's arguments. A published checkpoint is downloaded when DJL
 * prepares its artifact, which is when it loads it.
 */
final class CheckpointRepository extends AbstractRepository {

    static final String SCHEME = "llm360";

    private final Reference reference;
    private final String artifactId;

    CheckpointRepository(String name, URI uri, Reference reference) {
        super(name, uri);
        this.reference = reference;
        artifactId =
                reference instanceof Reference.Named named
                        ? named.model()
                        : String.valueOf(((Reference.AtPath) reference).path().getFileName());
    }

    /** {@inheritDoc} */
    @Override
    public boolean isRemote() {
        return false;
    }

    /** {@inheritDoc} It looks each time: a checkpoint may have arrived since. */
    @Override
    public Metadata locate(MRL mrl) throws IOException {
        Metadata found =
                reference instanceof Reference.Named named
                        ? named(named)
                        : atPath(resolved((Reference.AtPath) reference));
        StrictTranslatorFactory.install(found);
        found.setRepositoryUri(mrl.toURI());
        found.init(arguments);
        return found;
    }

    private static Metadata named(Reference.Named named) throws IOException {
        try {
            return SeriesMetadata.of(
                    named.checkpoint().equals(Reference.Named.LATEST)
                            ? Zoo.series(named.model())
                            : one(named));
        } catch (ModelNotFoundException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** What is at hand is found without the Hub; the Hub's list may say which is the nearest. */
    private static CheckpointSeries one(Reference.Named named)
            throws ModelNotFoundException, IOException {
        if (ModelHome.get().catalogue().needsList(named)) {
            Catalogue.deciding(named.toString());
        }
        return CheckpointSeries.of(ModelHome.get(), named);
    }

    private static Path resolved(Reference.AtPath at) throws IOException {
        try {
            return RunCheckpoints.resolve(at.path());
        } catch (ModelNotFoundException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private Metadata atPath(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            throw new IOException(
                    "%s is a file; a model is loaded from the directory that also holds its config.json"
                            .formatted(path));
        }
        return MetadataJson.of(
                artifactId, List.of(new MetadataJson.Entry(artifactId, Map.of(), List.of())));
    }

    /** {@inheritDoc} */
    @Override
    public Artifact resolve(MRL mrl, Map<String, String> filter) throws IOException {
        return locate(mrl).getArtifacts().stream()
                .filter(artifact -> filter == null || artifact.hasProperties(filter))
                .findFirst()
                .orElse(null);
    }

    /**
     * {@inheritDoc} A published checkpoint that isn't on this machine is downloaded; one that comes
     * with the library is copied into the model home.
     */
    @Override
    public void prepare(Artifact artifact, Progress progress) throws IOException {
        if (reference instanceof Reference.Named) {
            try {
                Optional<CheckpointDownload> download = CheckpointDownload.of(named(artifact));
                if (download.isPresent()) {
                    download.get().run(progress);
                } else {
                    ModelHome.get().find(named(artifact));
                }
            } catch (ModelNotFoundException e) {
                throw new IOException(e.getMessage(), e);
            }
        }
    }

    private Reference.Named named(Artifact artifact) {
        return new Reference.Named(artifactId, artifact.getName());
    }

    /** {@inheritDoc} Before it is prepared, the directory may be one that isn't there. */
    @Override
    public Path getResourceDirectory(Artifact artifact) throws IOException {
        return reference instanceof Reference.AtPath at
                ? resolved(at)
                : ModelHome.get().place(named(artifact));
    }

    /** {@inheritDoc} */
    @Override
    public Path getCacheDirectory() {
        return Path.of("");
    }

    /** {@inheritDoc} */
    @Override
    public List<MRL> getResources() {
        return List.of(model(MetadataJson.APPLICATION, MetadataJson.GROUP, artifactId));
    }

    /** {@inheritDoc} */
    @Override
    public void addResource(MRL mrl) {
        throw new UnsupportedOperationException("a reference names one model");
    }
}
