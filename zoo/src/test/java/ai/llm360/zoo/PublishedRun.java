package ai.llm360.zoo;

import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.zoo.source.TreeCheckpoint;
import ai.llm360.zoo.testing.Home;
import ai.llm360.zoo.transfer.RunPublisher;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Trains a run, and one in phases; each test publishes into a directory of its own. */
public abstract class PublishedRun {

    @TempDir static Path trained;
    public static Path run;
    public static Path phased;

    @TempDir public Path temp;
    public Path tree;
    public Home home;

    @BeforeAll
    public static void train() throws IOException {
        TinyTraining training = TinyTraining.in(trained);
        run = training.train(training.recipe(), "once");
        phased = training.train(training.recipe().with("phases", phases()), "phased");
    }

    public static Map<String, Object> phases() {
        return new TreeMap<>(Map.of("phase1", Map.of(), "phase2", Map.of("seed", 6)));
    }

    @BeforeEach
    public void open() {
        tree = temp.resolve("tree");
        home = Home.at(temp.resolve("home"));
    }

    @AfterEach
    public void close() {
        home.close();
    }

    public RunPublisher.Builder publisher() {
        return RunPublisher.builder().setRun(run).setTree(tree).optModel("my-amber");
    }

    public RunPublisher.Published publish() throws IOException {
        return publisher().build().publish();
    }

    public static float[] logits(ZooModel<NDList, NDList> loaded) throws Exception {
        try (ZooModel<NDList, NDList> model = loaded;
                Predictor<NDList, NDList> predictor = model.newPredictor()) {
            NDArray ids = model.getNDManager().create(new long[][] {{1, 5, 9, 14}});
            try (NDList result = predictor.predict(new NDList(ids))) {
                return result.singletonOrThrow().toFloatArray();
            }
        }
    }

    public static float[] byFacade(String reference) throws Exception {
        return logits(Criteria.loadModel(reference, NDList.class, NDList.class));
    }

    public String inTree(String name) {
        return "llm360+" + temp.toUri() + "tree/" + name;
    }

    public Path weights(TreeCheckpoint checkpoint) {
        return files(checkpoint).resolve("model.safetensors");
    }

    public Path files(TreeCheckpoint checkpoint) {
        return tree.resolve(checkpoint.repository())
                .resolve("resolve")
                .resolve(checkpoint.commit());
    }

    public List<String> visible() throws IOException {
        try (Stream<Path> all = Files.walk(tree)) {
            return all.filter(Files::isRegularFile)
                    .map(p -> tree.relativize(p).toString())
                    .toList();
        }
    }

    public static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : (Iterable<Path>) all.sorted(Comparator.naturalOrder())::iterator) {
                Path target = to.resolve(from.relativize(path).toString());
                if (Files.isDirectory(path)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(path, target);
                }
            }
        }
    }
}
