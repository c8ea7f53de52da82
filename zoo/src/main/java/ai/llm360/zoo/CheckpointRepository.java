package ai.llm360.zoo;

import ai.djl.Application;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * DJL's view of one reference: a repository with one model, whose artifacts are its checkpoints.
 *
 * <p>{@code llm360://amber@ckpt-200} has one artifact; {@code llm360://amber} has one for each
 * checkpoint of the model home, newest first, each with the property {@code checkpoint}; {@code
 * llm360:///a/directory} has the one at the path. Query parameters, such as {@code ?dtype=bf16},
 * become the model's arguments.
 */
final class CheckpointRepository extends AbstractRepository {

    static final String SCHEME = "llm360";
    static final String GROUP = "ai.llm360";

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
        Metadata found = new Metadata();
        found.setMetadataVersion("0.2");
        found.setResourceType("model");
        found.setApplication(Application.NLP.TEXT_GENERATION);
        found.setGroupId(GROUP);
        found.setArtifactId(artifactId);
        found.setName(artifactId);
        found.setRepositoryUri(mrl.toURI());
        found.setArtifacts(places().stream().map(this::artifact).toList());
        return found;
    }

    private List<Place> places() throws IOException {
        if (reference instanceof Reference.Named named) {
            return namedPlaces(named);
        }
        Path path = ((Reference.AtPath) reference).path();
        if (!Files.exists(path)) {
            throw new IOException("no checkpoint at %s".formatted(path));
        }
        if (!Files.isDirectory(path)) {
            throw new IOException(
                    "%s is a file; a model is loaded from the directory that also holds its config.json"
                            .formatted(path));
        }
        return List.of(new Place(String.valueOf(path.getFileName()), () -> path));
    }

    private static List<Place> namedPlaces(Reference.Named named) throws IOException {
        ModelHome home = ModelHome.get();
        Optional<String> here = home.checkpoint(named);
        if (here.isEmpty()) {
            return List.of(pulled(home, named));
        }
        List<String> checkpoints = new ArrayList<>(List.of(here.get()));
        if (named.checkpoint().equals(Reference.Named.LATEST)) {
            for (String other : home.checkpoints(named.model())) {
                if (!checkpoints.contains(other)) {
                    checkpoints.add(1, other);
                }
            }
        }
        return checkpoints.stream()
                .map(name -> new Place(name, () -> home.directory(named.model(), name)))
                .toList();
    }

    /** What the home lacks, the Hub's cache may have. */
    private static Place pulled(ModelHome home, Reference.Named named) throws IOException {
        try {
            Path directory = home.find(named);
            return new Place(named.canonical().checkpoint(), () -> directory);
        } catch (ModelNotFoundException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private Artifact artifact(Place place) {
        Artifact artifact = new PlacedArtifact(place);
        artifact.setVersion("1.0.0");
        artifact.setName(place.checkpoint());
        artifact.setProperties(Map.of("checkpoint", place.checkpoint()));
        Map<String, Object> modelArguments = new HashMap<>(arguments);
        modelArguments.put("blockFactory", DecoderBlockFactory.class.getName());
        modelArguments.put("translatorFactory", GenerationTranslatorFactory.class.getName());
        modelArguments.put("engine", "PyTorch");
        artifact.setArguments(modelArguments);
        // The weights come with the block; DJL is not to look for a .params file.
        artifact.setOptions(new HashMap<>(Map.of("hasParameter", "false")));
        artifact.setFiles(new HashMap<>());
        return artifact;
    }

    /** {@inheritDoc} */
    @Override
    public Artifact resolve(MRL mrl, Map<String, String> filter) throws IOException {
        return locate(mrl).getArtifacts().stream()
                .filter(artifact -> filter == null || artifact.hasProperties(filter))
                .findFirst()
                .orElse(null);
    }

    /** {@inheritDoc} The checkpoint is on this machine already. */
    @Override
    public void prepare(Artifact artifact, Progress progress) {}

    /** {@inheritDoc} One that comes with the library is copied into the model home by this. */
    @Override
    public Path getResourceDirectory(Artifact artifact) throws IOException {
        return ((PlacedArtifact) artifact).place.directory().get();
    }

    /** {@inheritDoc} */
    @Override
    public Path getCacheDirectory() {
        return Path.of("");
    }

    /** {@inheritDoc} */
    @Override
    public List<MRL> getResources() {
        return List.of(model(Application.NLP.TEXT_GENERATION, GROUP, artifactId));
    }

    /** {@inheritDoc} */
    @Override
    public void addResource(MRL mrl) {
        throw new UnsupportedOperationException("a reference names one model");
    }

    /** A checkpoint's name, and how to get at its directory. */
    private record Place(String checkpoint, Directory directory) {}

    /** Gives a checkpoint's directory. */
    @FunctionalInterface
    private interface Directory {
        Path get() throws IOException;
    }

    /** An artifact that knows where it lies. */
    private static final class PlacedArtifact extends Artifact {

        private final Place place;

        PlacedArtifact(Place place) {
            this.place = place;
        }
    }
}
