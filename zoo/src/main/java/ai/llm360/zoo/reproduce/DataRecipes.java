package ai.llm360.zoo.reproduce;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.util.Progress;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.ConversationData;
import ai.llm360.common.data.ConversationManifest;
import ai.llm360.common.data.DataRecipe;
import ai.llm360.common.train.TrainingPhase;
import ai.llm360.zoo.Reference;
import ai.llm360.zoo.Zoo;
import ai.llm360.zoo.source.EmbeddedSeries;
import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Reads how data sets are made: recipes of their own, or the part {@code prepare} of training
 * recipes.
 *
 * <p>Beside files, {@code tokenizer} may name a model that comes with the library.
 */
public final class DataRecipes {

    /** The part of a training recipe that says how its data is made. */
    public static final String PART = "prepare";

    private DataRecipes() {}

    /**
     * Reads how a data set is made.
     *
     * @param recipe a training recipe that says so, or a recipe of data alone: one of {@link
     *     Recipes#names}, or the path of a file of YAML or JSON
     * @return the data's part of it, without the defaults
     * @throws ConfigException if there is no such recipe or file, it can't be understood, says only
     *     how to train, or has phases with data of their own
     * @throws IOException if it can't be read
     */
    public static ConfigTree read(String recipe) throws IOException {
        List<TrainingPhase> phases = phases(recipe);
        if (!phases.get(0).name().isEmpty()) {
            throw new ConfigException(
                    "%s makes data for each of its phases; choose one: %s"
                            .formatted(
                                    recipe,
                                    phases.stream()
                                            .map(phase -> recipe + "/" + phase.name())
                                            .collect(Collectors.joining(", "))));
        }
        return phases.get(0).recipe();
    }

    /**
     * Reads how the data sets of a recipe's phases are made.
     *
     * @param recipe as for {@link #read}
     * @return the phases, each with the data's part of its recipe; one without a name if it has
     *     none
     * @throws ConfigException if there is no such recipe or file, it can't be understood, or says
     *     only how to train
     * @throws IOException if it can't be read
     */
    public static List<TrainingPhase> phases(String recipe) throws IOException {
        return TrainingPhase.of(Recipes.read(recipe)).stream()
                .map(phase -> new TrainingPhase(phase.name(), data(recipe, phase.recipe())))
                .toList();
    }

    private static ConfigTree data(String recipe, ConfigTree tree) {
        Optional<ConfigTree> part = tree.part(PART);
        if (part.isEmpty() && tree.get("model").isPresent()) {
            throw new ConfigException(
                    "%s says how a model is trained, but has no part '%s' that says how its data is made"
                            .formatted(recipe, PART));
        }
        return part.orElse(tree);
    }

    /**
     * Checks the part {@code prepare} of a training recipe, whose data may be there already.
     *
     * @param recipe a training recipe without phases
     * @throws ConfigException if the part has an unknown key or a wrong value
     */
    public static void check(ConfigTree recipe) {
        try {
            recipe.part(PART)
                    .ifPresent(
                            part -> {
                                if (isConversations(part)) {
                                    conversations(part).check();
                                } else {
                                    part.bind(DataRecipe.class, DataRecipe.DEFAULTS);
                                }
                            });
        } catch (IllegalArgumentException e) {
            throw new ConfigException(PART + ": " + e.getMessage(), e);
        }
    }

    /**
     * Returns whether a data's part makes rows for fine-tuning, of conversations or preferences.
     *
     * @param part what {@link #read} gave
     * @return whether it has a {@code kind}
     */
    public static boolean isConversations(ConfigTree part) {
        return part.get("kind").isPresent();
    }

    private static ConversationRecipe conversations(ConfigTree part) {
        return part.bind(ConversationRecipe.class, ConversationRecipe.DEFAULTS);
    }

    /**
     * Makes a data set of conversations or preferences.
     *
     * @param part what {@link #read} gave, perhaps changed
     * @param base what relative paths start from
     * @param target the directory to make
     * @param announce allows Maven artifacts to be downloaded, and is told of each; or {@code null}
     * @param progress is told of the progress, in bytes of the files; or {@code null}
     * @return what was made of what
     * @throws ConfigException if the recipe can't be used
     * @throws ModelNotFoundException if the tokenizer is neither a path nor a model that is here
     * @throws IOException if a file can't be read, or the data set can't be written
     */
    public static ConversationManifest prepareConversations(
            ConfigTree part, Path base, Path target, Consumer<URI> announce, Progress progress)
            throws IOException, ModelNotFoundException {
        ConversationRecipe recipe = conversations(part);
        ConversationData.Builder data =
                ConversationData.builder()
                        .setRules(recipe.rules())
                        .setTokenizer(tokenizer(base, recipe.tokenizer()))
                        .setTarget(target)
                        .setRowLength(recipe.rowLength())
                        .optHeldOut(recipe.heldOut())
                        .optSeed(recipe.seed())
                        .optProgress(progress);
        if (!recipe.files().isEmpty()) {
            List<Path> files = new ArrayList<>();
            for (String file : recipe.files()) {
                files.addAll(files(base, file));
            }
            return data.setFiles(files).build().prepare();
        }
        data.setQuestions(recipe.questions(), base);
        Path cache = Zoo.ofEnvironment().dataCache();
        return (announce == null ? data.optCache(cache) : data.optDownloads(cache, announce))
                .build()
                .prepare();
    }

    /**
     * Finds the files that a path or a glob of a directory's files means, in their names' order.
     */
    private static List<Path> files(Path base, String given) throws IOException {
        int slash = given.lastIndexOf('/');
        String name = given.substring(slash + 1);
        if (!name.contains("*")) {
            return List.of(base.resolve(given));
        }
        Path directory = base.resolve(given.substring(0, Math.max(0, slash)));
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> matching = Files.newDirectoryStream(directory, name)) {
            matching.forEach(found::add);
        }
        if (found.isEmpty()) {
            throw new ConfigException("files: no file matches " + base.resolve(given));
        }
        Collections.sort(found);
        return found;
    }

    private static Path tokenizer(Path base, String name)
            throws IOException, ModelNotFoundException {
        for (EmbeddedSeries series : EmbeddedSeries.all()) {
            if (series.model().equals(name)) {
                return series.copyTokenizerInto(Zoo.ofEnvironment().home()).toAbsolutePath();
            }
        }
        Path path = base.resolve(name);
        return Files.exists(path) ? path : Reference.resolve(name);
    }

    /**
     * {@return the record that a recipe describes; a tokenizer that comes with the library has been
     * copied into the model home, and its path stands for its name}
     *
     * @param tree what {@link #read} gave, perhaps changed
     * @throws ConfigException if the recipe can't be used
     * @throws IOException if the tokenizer can't be copied
     */
    public static DataRecipe bind(ConfigTree tree) throws IOException {
        ConfigTree resolved = tree;
        Object name = tree.get("tokenizer").orElse("");
        for (EmbeddedSeries series : EmbeddedSeries.all()) {
            if (series.model().equals(name)) {
                Path copy = series.copyTokenizerInto(Zoo.ofEnvironment().home()).toAbsolutePath();
                resolved = tree.with("tokenizer", copy.toString());
            }
        }
        return resolved.bind(DataRecipe.class, DataRecipe.DEFAULTS);
    }

    /**
     * {@return the directory that a recipe's relative paths start from: its file's, or for a name
     * the working directory}
     *
     * @param recipe a name or a path
     */
    public static Path base(String recipe) {
        return Recipes.names().contains(recipe)
                ? Path.of("")
                : Recipes.file(recipe)
                        .map(file -> file.toAbsolutePath().getParent())
                        .orElse(Path.of(""));
    }
}
