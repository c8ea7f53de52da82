package ai.llm360.zoo;

import ai.llm360.hub.CacheVerifier;
import ai.llm360.hub.FileProblem;
import ai.llm360.hub.HubFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Compares a snapshot in the Hub's cache with the Hub's list of its files.
 *
 * @param wanted whether all files must be there
 */
record PulledCheck(
        CacheVerifier verifier,
        String repository,
        String revision,
        String commit,
        List<HubFile> files,
        boolean wanted)
        implements Verification.Check {

    @Override
    public long bytes() {
        return files.stream().mapToLong(HubFile::size).sum();
    }

    @Override
    public Verification.Result run(LongConsumer read) throws IOException {
        List<FileProblem> problems = new ArrayList<>();
        int compared = 0;
        for (HubFile file : files) {
            Optional<FileProblem> problem = verifier.check(repository, commit, file, read);
            boolean missing =
                    problem.isPresent() && problem.get().kind() == FileProblem.Kind.MISSING;
            if (!missing) {
                compared++;
            }
            if (!missing || wanted) {
                problem.ifPresent(problems::add);
            }
        }
        return new Verification.Result(
                repository + "@" + revision, Optional.of(repository), compared, bytes(), problems);
    }
}
