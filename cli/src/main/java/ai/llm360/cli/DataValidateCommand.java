package ai.llm360.cli;

import ai.llm360.common.data.DataValidator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code llm360 data validate}: what is wrong with token rows. */
@Command(
        name = "validate",
        description = {
            "Checks a prepared data set, or Amber's train_NNN.jsonl, or a directory of them.",
            "Names each file and line that is wrong, and why; the exit status then is 1."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class DataValidateCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "PATH", description = "What to check.")
    private Path path;

    @Option(
            names = "--row-length",
            paramLabel = "N",
            description = "The ids that a line of JSONL should have. Default: 2049, as Amber's.")
    private int rowLength = 2049;

    @Option(
            names = "--vocabulary",
            paramLabel = "N",
            description = "What the ids of JSONL should be below. Default: not checked.")
    private int vocabularySize;

    @Mixin private Output output;

    DataValidateCommand() {}

    @Override
    public Integer call() throws IOException {
        DataValidator.Report report = DataValidator.validate(path, rowLength, vocabularySize);
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
                "%d %s, %d %s: %s"
                        .formatted(
                                report.files(),
                                report.files() == 1 ? "file" : "files",
                                report.rows(),
                                report.rows() == 1 ? "row" : "rows",
                                report.problemCount() == 0
                                        ? "nothing is wrong"
                                        : report.problemCount()
                                                + " wrong"
                                                + (more == 0
                                                        ? ""
                                                        : ", of which " + more + " not listed")));
    }
}
