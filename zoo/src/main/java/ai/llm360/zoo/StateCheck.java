package ai.llm360.zoo;

import ai.llm360.common.run.ModelManifest;
import ai.llm360.common.run.RunException;
import ai.llm360.common.run.SavedState;
import ai.llm360.hub.FileProblem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/** Compares a model, or a state that training saved, with its manifest. */
record StateCheck(Path directory) implements Verification.Check {

    static final String MANIFEST = "manifest.json";

    @Override
    public long bytes() throws IOException {
        return bytes(directory);
    }

    private int verified() throws IOException {
        if (ModelManifest.isIn(directory)) {
            return ModelManifest.verify(directory);
        }
        SavedState state = SavedState.open(directory);
        state.verify();
        return state.tensorHashes().size();
    }

    static long bytes(Path directory) throws IOException {
        long sum = 0;
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path file : (Iterable<Path>) tree.filter(Files::isRegularFile)::iterator) {
                sum += Files.size(file);
            }
        }
        return sum;
    }

    @Override
    public Verification.Result run(LongConsumer read) throws IOException {
        List<FileProblem> problems = List.of();
        int files = 0;
        try {
            files = verified();
        } catch (RunException e) {
            problems =
                    List.of(
                            new FileProblem(
                                    directory,
                                    FileProblem.Kind.DAMAGED,
                                    "what its manifest lists",
                                    e.getMessage()));
        }
        read.accept(bytes());
        return new Verification.Result(
                directory.toString(), Optional.empty(), files, bytes(), problems);
    }
}
