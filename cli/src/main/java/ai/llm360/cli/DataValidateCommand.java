package ai.llm360.cli;

import ai.llm360.common.data.DataValidator;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 data validate}: lists what is wrong with token rows. */
@Command(
        name = "validate",
        description = {
            "Checks a prepared data set, Amber's train_NNN.jsonl, CrystalCoder's HDF5 files, or a"
                    + " directory of them.",
            "Names each file and line that is wrong, and why; the exit status then is 1."
        })
final class DataValidateCommand extends Verb {

    @Parameters(index = "0", paramLabel = "PATH", description = "What to check.")
    private Path path;

    @Option(
            names = "--row-length",
            paramLabel = "N",
            description =
                    "The ids that a line of JSONL or a sample of HDF5, its last label counted,"
                            + " should have. Default: 2049.")
    private int rowLength = 2049;

    @Option(
            names = "--vocabulary",
            paramLabel = "N",
            description = "What their ids should be below. Default: not checked.")
    private int vocabularySize;

    @Option(
            names = "--windows",
            description =
                    "Check too that each sample of HDF5 begins with the last label of the one"
                        + " before, as windows of a text do; rearranged or shuffled ones don't.")
    private boolean windows;

    @Override
    public Integer call() throws IOException {
        DataValidator.Report report =
                DataValidator.validate(path, rowLength, vocabularySize, windows ? 1 : 0);
        output.result(report, () -> print(report));
        return report.problemCount() == 0 ? 0 : 1;
    }

    private void print(DataValidator.Report report) {
        for (DataValidator.Problem problem : report.problems()) {
            String line = problem.line() == 0 ? "" : ":" + problem.line();
            output.line(problem.file() + line + ": " + problem.problem());
        }
        long more = report.problemCount() - report.problems().size();
        output.line(
                "%s, %s: %s"
                        .formatted(
                                Output.count(report.files(), "file"),
                                Output.count(report.rows(), "row"),
                                report.problemCount() == 0
                                        ? "nothing is wrong"
                                        : report.problemCount()
                                                + " wrong"
                                                + (more == 0
                                                        ? ""
                                                        : ", of which " + more + " not listed")));
    }
}
