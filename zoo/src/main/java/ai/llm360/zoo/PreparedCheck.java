package ai.llm360.zoo;

import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.model.WeightPreparation;
import ai.llm360.hub.FileProblem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/** Compares what was prepared of a checkpoint with the checksums that it carries. */
record PreparedCheck(Path file) implements Verification.Check {

    @Override
    public long bytes() throws IOException {
        return Files.size(file);
    }

    @Override
    public Verification.Result run(LongConsumer read) throws IOException {
        List<FileProblem> problems = new ArrayList<>();
        long[] rest = {bytes()};
        try {
            List<String> damaged =
                    WeightPreparation.verify(
                            file,
                            bytes -> {
                                rest[0] -= bytes;
                                read.accept(bytes);
                            });
            for (String tensor : damaged) {
                problems.add(problem(FileProblem.Kind.DAMAGED, tensor + " has another checksum"));
            }
        } catch (CheckpointException e) {
            problems.add(problem(FileProblem.Kind.DAMAGED, e.getMessage()));
        }
        read.accept(rest[0]); // the header
        return new Verification.Result(file.toString(), Optional.empty(), 1, bytes(), problems);
    }

    private FileProblem problem(FileProblem.Kind kind, String found) {
        return new FileProblem(file, kind, "what its checksums say; prepare it again", found);
    }
}
