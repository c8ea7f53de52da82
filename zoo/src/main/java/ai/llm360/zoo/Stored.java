package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.util.Progress;
import ai.llm360.zoo.CheckpointEntry.Source;
import ai.llm360.zoo.source.CheckpointFiles;
import ai.llm360.zoo.source.EmbeddedSeries;
import ai.llm360.zoo.source.SeriesCheckpoint;
import ai.llm360.zoo.source.StaticTree;
import ai.llm360.zoo.source.TreeCheckpoint;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Holds a checkpoint's files: where they lie, or how they come here. */
interface Stored {

    /** Returns the kind of place that it is. */
    Source source();

    /** Returns whether the files can be had without the network. */
    default boolean isHere() throws IOException {
        return directory().isPresent();
    }

    /** Returns where the files lie now; empty also for those that are yet to be copied. */
    Optional<Path> directory() throws IOException;

    /**
     * Returns where the files lie; those that the library brings are copied first, and those of a
     * web server's tree downloaded.
     *
     * @param progress is told of downloaded bytes; may be null
     * @throws ModelNotFoundException if they are on the Hub alone, saying how to get them
     */
    Path get(Progress progress) throws ModelNotFoundException, IOException;

    /** A directory or file. */
    record At(Source source, Path path) implements Stored {

        @Override
        public Optional<Path> directory() {
            return Optional.of(path);
        }

        @Override
        public Path get(Progress progress) throws ModelNotFoundException, IOException {
            return path;
        }
    }

    /** In the jar, from where it is copied into a model home. */
    record InJar(EmbeddedSeries series, SeriesCheckpoint checkpoint, Path home) implements Stored {

        @Override
        public Source source() {
            return Source.EMBEDDED;
        }

        @Override
        public boolean isHere() {
            return true;
        }

        @Override
        public Optional<Path> directory() throws IOException {
            return Optional.of(series.copy(home, checkpoint.name())).filter(Files::exists);
        }

        @Override
        public Path get(Progress progress) throws IOException {
            try {
                return series.copyInto(home, checkpoint.name());
            } catch (FileSystemException e) {
                throw new IOException(
                        "%s@%s comes with the library and is to be copied into %s, which can't be written (%s): LLM360_HOME names another home"
                                .formatted(series.model(), checkpoint.name(), home, e.getMessage()),
                        e);
            }
        }
    }

    /** In a static tree. */
    record InTree(StaticTree tree, TreeCheckpoint checkpoint) implements Stored {

        @Override
        public Source source() {
            return Source.TREE;
        }

        @Override
        public boolean isHere() throws IOException {
            return tree.isLocal() || directory().isPresent();
        }

        @Override
        public Optional<Path> directory() throws IOException {
            return tree.here(checkpoint);
        }

        @Override
        public Path get(Progress progress) throws IOException {
            return tree.directory(checkpoint, progress);
        }
    }

    /** On the Hub, and perhaps in its cache. */
    record OnHub(Zoo zoo, HubReference hub) implements Stored {

        @Override
        public Source source() {
            return Source.HUB;
        }

        @Override
        public Optional<Path> directory() throws IOException {
            return CheckpointFiles.pulled(zoo.hub(), hub.repository(), hub.revision());
        }

        @Override
        public Path get(Progress progress) throws ModelNotFoundException, IOException {
            Optional<Path> pulled = directory();
            if (pulled.isEmpty()) {
                throw new ModelNotFoundException(zoo.absent(hub));
            }
            return pulled.get();
        }
    }
}
