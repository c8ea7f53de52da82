package ai.llm360.zoo;

import ai.djl.MalformedModelException;
import ai.djl.repository.AbstractRepository;
import ai.djl.repository.Artifact;
import ai.djl.repository.MRL;
import ai.djl.repository.Metadata;
import ai.djl.repository.zoo.BaseModelLoader;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.util.Progress;
import ai.llm360.zoo.catalogue.Catalogue;
import ai.llm360.zoo.djl.MetadataJson;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * DJL's view of a series: a repository with one model, whose artifacts are its checkpoints, the
 * last first, each with the property {@code checkpoint}. Query parameters of its URL, such as
 * {@code ?dtype=bf16}, become the model's arguments. What isn't on this machine is downloaded when
 * DJL prepares its artifact, which is when it loads it.
 */
final class CheckpointRepository extends AbstractRepository {

    private final String model;
    private final Located located;

    /** Checkpoints by their artifacts' names, so that what is loaded is what was located. */
    private final Map<String, CheckpointEntry> entries = new ConcurrentHashMap<>();

    private final Map<String, Path> prepared = new ConcurrentHashMap<>();
    private final boolean isPrepared;

    /** Finds the series. */
    interface Located {
        Series series() throws ModelNotFoundException, IOException;
    }

    /**
     * Creates a repository.
     *
     * @param model the name of DJL's model
     * @param located is asked each time: a checkpoint may have arrived since
     */
    CheckpointRepository(String name, URI uri, String model, Located located) {
        super(name, uri);
        this.model = model;
        this.located = located;
        isPrepared = false;
    }

    /** Creates a repository of a checkpoint whose files are here. */
    private CheckpointRepository(CheckpointEntry one, Path directory) {
        super(one.reference(), directory.toUri());
        model = one.artifact();
        located = () -> Series.of(one.model(), List.of(one), Catalogue.of(List.of()));
        entries.put(model, one);
        prepared.put(model, directory);
        isPrepared = true;
    }

    /** Loads a checkpoint by DJL's loader, after its files have come here. */
    static <I, O> ZooModel<I, O> load(
            CheckpointEntry one, Progress progress, Criteria<I, O> criteria)
            throws ModelNotFoundException, MalformedModelException, IOException {
        CheckpointRepository repository = new CheckpointRepository(one, directory(one, progress));
        return new BaseModelLoader(repository.getResources().get(0)).loadModel(criteria);
    }

    /** {@inheritDoc} Files don't come by DJL's own downloads. */
    @Override
    public boolean isRemote() {
        return false;
    }

    @Override
    public Metadata locate(MRL mrl) throws IOException {
        Metadata found;
        try {
            Series series = located.series();
            series.forEach(one -> entries.put(one.artifact(), one));
            found = MetadataJson.toDjl(series.metadataJson());
        } catch (ModelNotFoundException e) {
            throw new IOException(e.getMessage(), e);
        }
        String strict = GenerationTranslatorFactory.Strict.class.getName();
        found.getArtifacts().forEach(one -> one.getArguments().put("translatorFactory", strict));
        found.setRepositoryUri(mrl.toURI());
        found.init(arguments);
        return found;
    }

    @Override
    public Artifact resolve(MRL mrl, Map<String, String> filter) throws IOException {
        return locate(mrl).getArtifacts().stream()
                .filter(artifact -> filter == null || artifact.hasProperties(filter))
                .findFirst()
                .orElse(null);
    }

    /**
     * {@inheritDoc} A checkpoint that isn't on this machine is downloaded; one that comes with the
     * library is copied into the model home.
     */
    @Override
    public void prepare(Artifact artifact, Progress progress) throws IOException {
        try {
            if (!isPrepared) {
                String name = artifact.getName();
                prepared.put(name, directory(entries.get(name), progress));
            }
        } catch (ModelNotFoundException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static Path directory(CheckpointEntry checkpoint, Progress progress)
            throws ModelNotFoundException, IOException {
        Path path = checkpoint.fetch(progress);
        if (!Files.isDirectory(path)) {
            throw new IOException(
                    "%s is a file; a model is loaded from the directory that also holds its config.json"
                            .formatted(path));
        }
        return path;
    }

    /** {@inheritDoc} Before it is prepared, the directory may be one that isn't there. */
    @Override
    public Path getResourceDirectory(Artifact artifact) throws IOException {
        Path directory = prepared.get(artifact.getName());
        return directory == null ? entries.get(artifact.getName()).place() : directory;
    }

    @Override
    public Path getCacheDirectory() {
        return Path.of("");
    }

    @Override
    public List<MRL> getResources() {
        return List.of(model(MetadataJson.APPLICATION, MetadataJson.GROUP, model));
    }

    @Override
    public void addResource(MRL mrl) {
        throw new UnsupportedOperationException("a reference names one model");
    }
}
