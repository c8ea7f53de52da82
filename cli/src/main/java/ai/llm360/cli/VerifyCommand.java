package ai.llm360.cli;

import ai.llm360.hub.FileProblem;
import ai.llm360.zoo.Zoo;
import ai.llm360.zoo.transfer.Verification;
import java.io.IOException;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 verify}: reads checkpoints and compares them with what is known of them. */
@Command(
        name = "verify",
        description = {
            "Reads checkpoints on this machine and compares them with what is known of their bytes:"
                    + " the Hub's list of files, a series' hashes, a training's manifest, and the"
                    + " checksums of prepared weights.",
            "Exits with 1 if a file is damaged or lacking. It asks nothing of the network."
        })
final class VerifyCommand extends Verb {

    @Parameters(
            arity = "0..*",
            paramLabel = "REF",
            completionCandidates = ModelNames.class,
            description =
                    "A checkpoint, such as amber@ckpt-200 or LLM360/Amber@ckpt_200; several, such"
                            + " as amber@0..359:40; or a path, of a checkpoint, a series or a"
                            + " training run with all its checkpoints.")
    private List<String> references = List.of();

    @Option(
            names = "--all",
            description = "All that was pulled into the Hub's cache, as far as it is there.")
    private boolean all;

    @Option(
            names = "--include",
            paramLabel = "GLOB",
            converter = PathGlob.class,
            description =
                    "Of pulled checkpoints, only files whose path matches, such as '*.json'; may be"
                            + " given several times.")
    private List<PathMatcher> include = List.of();

    @Option(
            names = "--remove-damaged",
            description = "Remove what is damaged of pulled checkpoints; pull brings it anew.")
    private boolean removeDamaged;

    private record Checked(
            String checkpoint, int compared, long bytes, List<FileProblem> problems, int removed) {}

    private record Result(boolean whole, List<Checked> checkpoints) {}

    @Override
    public Integer call() throws Exception {
        if (all == !references.isEmpty()) {
            throw wrong("Give checkpoints, or --all, and not both");
        }
        Zoo zoo = zoo();
        Verification verification =
                all
                        ? Verification.ofAll(zoo)
                        : Verification.of(zoo, references, PathGlob.any(include));
        List<Verification.Result> found = run(verification);
        List<Checked> checked = new ArrayList<>();
        for (Verification.Result result : found) {
            checked.add(
                    new Checked(
                            result.name(),
                            result.files(),
                            result.bytes(),
                            result.problems(),
                            removeDamaged ? verification.removeDamaged(result) : 0));
        }
        boolean whole = found.stream().allMatch(result -> result.problems().isEmpty());
        output.result(new Result(whole, checked), () -> print(found, checked));
        return whole ? 0 : 1;
    }

    private List<Verification.Result> run(Verification verification) throws IOException {
        try (Meter progress = new Meter(terminal())) {
            progress.reset("Verifying", verification.bytes());
            List<Verification.Result> results = verification.run(progress::increment);
            progress.end();
            return results;
        }
    }

    private void print(List<Verification.Result> found, List<Checked> checked) {
        for (int i = 0; i < found.size(); i++) {
            Verification.Result result = found.get(i);
            if (result.problems().isEmpty()) {
                output.line(
                        "%s: whole, %s".formatted(result.name(), ByteSize.format(result.bytes())));
            } else {
                result.problems().forEach(problem -> output.line(problem.toString()));
                output.line(
                        "%s: %d wrong; %s"
                                .formatted(
                                        result.name(),
                                        result.problems().size(),
                                        cure(result, checked.get(i).removed())));
            }
        }
    }

    private static String cure(Verification.Result result, int removed) {
        if (result.repository().isEmpty()) {
            return "don't use it; restore it from a copy, or make it anew";
        }
        boolean damaged =
                result.problems().stream()
                        .anyMatch(problem -> problem.kind() == FileProblem.Kind.DAMAGED);
        String pull = "llm360 pull " + result.name() + " brings what lacks";
        return removed > 0
                ? "%d removed; %s".formatted(removed, pull)
                : damaged ? "--remove-damaged removes what is damaged; then " + pull : pull;
    }
}
