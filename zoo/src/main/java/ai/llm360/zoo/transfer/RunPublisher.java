package ai.llm360.zoo.transfer;

import ai.djl.util.Progress;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.zoo.source.TrainedModel;
import ai.llm360.zoo.source.TrainedModel.Source;
import ai.llm360.zoo.source.TreeCheckpoint;
import ai.llm360.zoo.source.TreeException;
import ai.llm360.zoo.source.TreeLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Makes a static tree of a training's checkpoints, or adds them to one.
 *
 * <p>What a run saved is checked against its manifest first. A new tree appears whole or not at
 * all; in an existing one each checkpoint does, and readers learn of all of them at the end.
 *
 * <pre>{@code
 * RunPublisher.builder()
 *         .setRun(Path.of("run"))
 *         .setTree(Path.of("/srv/models"))
 *         .optModel("my-amber")
 *         .build()
 *         .publish();
 * }</pre>
 */
public final class RunPublisher {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][\\w.-]*");

    /** The Hub's rule, but for names that would lie where the tree has its own. */
    private static final Pattern REPOSITORY =
            Pattern.compile(
                    "(?!api/|model/)(?!.*(?:--|\\.\\.|\\.git$))(?=.{3,96}$)"
                            + "[A-Za-z0-9](?:[\\w.-]*\\w)?/[A-Za-z0-9](?:[\\w.-]*\\w)?");

    private final Path run;
    private final Path tree;
    private final String model;
    private final String repository;
    private final boolean withState;
    private final TensorType type;
    private final Progress progress;

    private RunPublisher(Builder builder) {
        run = builder.run;
        tree = builder.tree;
        model = builder.model;
        repository = builder.repository;
        withState = builder.withState;
        type = builder.type;
        progress = builder.progress;
    }

    /**
     * Says what was published.
     *
     * @param model the model's name in the tree
     * @param repository the repository's
     * @param checkpoints those of the training, in its order
     * @param added the names of those that the tree didn't have before
     */
    public record Published(
            String model,
            String repository,
            List<TreeCheckpoint> checkpoints,
            List<String> added) {}

    /** {@return a builder with all options at their defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Publishes the checkpoints.
     *
     * @return what the tree has of the training now
     * @throws TreeException if there are no checkpoints, or the tree has others of their names
     * @throws ai.llm360.common.run.RunException if a checkpoint is damaged
     * @throws java.nio.file.FileAlreadyExistsException if something else lies where the tree is to
     *     be
     * @throws IllegalArgumentException if a name makes no model's or repository's name
     */
    public Published publish() throws IOException {
        TrainedModel trained = TrainedModel.of(run, true);
        String name = model == null ? trained.name() : model;
        String into = repository == null ? "local/" + name : repository;
        require(NAME, name, "a model's name, such as my-amber", "--name");
        require(REPOSITORY, into, "a repository's name, such as my-lab/my-amber", "--repository");
        if (new TreeLayout(tree).exists()) {
            return publish(trained.checkpoints(), name, into, tree);
        }
        try (AtomicDirectory whole = AtomicDirectory.begin(tree)) {
            Published published = publish(trained.checkpoints(), name, into, whole.path());
            whole.commit();
            return published;
        }
    }

    private static void require(Pattern rule, String given, String expected, String option) {
        if (!rule.matcher(given).matches()) {
            throw new IllegalArgumentException(
                    "'%s' is not %s; give one with %s".formatted(given, expected, option));
        }
    }

    private Published publish(List<Source> sources, String name, String into, Path root)
            throws IOException {
        try (TreeWriter writer = TreeWriter.open(root)) {
            List<TreeCheckpoint> all = new ArrayList<>();
            List<String> added = new ArrayList<>();
            for (Source source : sources) {
                if (source.saved().isPresent()) {
                    source.saved().get().verify();
                }
                // Never committed: what is made in it gets a place in the tree.
                try (AtomicDirectory work = AtomicDirectory.begin(writer.layout().work())) {
                    List<HashedFile> files =
                            withState
                                    ? ExportedFiles.withState(source.directory(), progress)
                                    : ExportedFiles.ofModel(
                                            source.directory(), type, work.path(), progress);
                    TreeCheckpoint checkpoint = checkpoint(source, into, files);
                    if (!writer.has(name, checkpoint)) {
                        added.add(checkpoint.name());
                    }
                    writer.put(
                            checkpoint,
                            files.stream().map(HashedFile::listed).toList(),
                            files,
                            progress);
                    all.add(checkpoint);
                }
            }
            writer.pointTo(into, "main", all.get(all.size() - 1).commit());
            writer.announce(name, all);
            return new Published(name, into, List.copyOf(all), List.copyOf(added));
        }
    }

    private static TreeCheckpoint checkpoint(Source source, String into, List<HashedFile> files) {
        return new TreeCheckpoint(
                source.name(),
                into,
                source.name(),
                TreeWriter.commit(files),
                source.standing(),
                HashedFile.loadable(files));
    }

    /** Builds a {@link RunPublisher}. */
    public static final class Builder {

        private Path run;
        private Path tree;
        private String model;
        private String repository;
        private boolean withState;
        private TensorType type;
        private Progress progress;

        private Builder() {}

        /**
         * Sets the directory of a run, of a training in phases, or of a series: directories with a
         * model each.
         */
        public Builder setRun(Path run) {
            this.run = run;
            return this;
        }

        /** Sets the directory to publish into: absent, empty, or a static tree. */
        public Builder setTree(Path tree) {
            this.tree = tree;
            return this;
        }

        /**
         * Sets the model's name, such as {@code my-amber}; by default what the run calls itself, or
         * else its directory's name.
         */
        public Builder optModel(String model) {
            this.model = model;
            return this;
        }

        /**
         * Sets the repository's name, by which the Hub's clients know the model, such as {@code
         * my-lab/my-amber}; {@code local/<model>} by default.
         */
        public Builder optRepository(String repository) {
            this.repository = repository;
            return this;
        }

        /**
         * Sets whether what a run resumes from is published too: the optimizer's tensors, the
         * cursor, the configuration and the data's manifest, as they lie in the checkpoint. By
         * default it isn't.
         */
        public Builder optWithState(boolean withState) {
            this.withState = withState;
            return this;
        }

        /** Sets the floating-point type to cast weights to; by default they stay as they are. */
        public Builder optType(TensorType type) {
            this.type = type;
            return this;
        }

        /** Sets who is told of bytes read and written, checkpoint by checkpoint. */
        public Builder optProgress(Progress progress) {
            this.progress = progress;
            return this;
        }

        /**
         * Builds the publisher.
         *
         * @throws IllegalArgumentException if run or tree are not set, or weights are to be cast
         *     that a state's manifest describes
         */
        public RunPublisher build() {
            if (run == null || tree == null) {
                throw new IllegalArgumentException("setRun and setTree are required");
            }
            if (withState && type != null) {
                throw new IllegalArgumentException(
                        "a run resumes from weights as they were; publish its state, or cast them");
            }
            return new RunPublisher(this);
        }
    }
}
