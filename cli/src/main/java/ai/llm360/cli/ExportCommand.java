package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.zoo.source.TreeCheckpoint;
import ai.llm360.zoo.source.TreeFile;
import ai.llm360.zoo.transfer.RunPublisher;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 export}: makes a static tree of a run, which any web server serves. */
@Command(
        name = "export",
        description = {
            "Makes a directory of a training's checkpoints that any web server, or file:, gives to"
                    + " others.",
            "They load llm360+https://host/dir/MODEL@ckpt-003, DJL reads it as a model repository,"
                    + " and HF_ENDPOINT=https://host/dir makes it the Hub of llm360 pull"
                    + " ORG/NAME@ckpt-003.",
            "A new directory appears whole or not at all. Exported again, a training's new"
                    + " checkpoints are added."
        })
final class ExportCommand extends Verb {

    @Parameters(
            index = "0",
            paramLabel = "RUN",
            description =
                    "The directory of a run, of a training in phases, or one of directories with a"
                            + " model each; or the name of one in the model home.")
    private String run;

    @Parameters(
            index = "1",
            paramLabel = "OUT",
            description = "The directory to make, or one that export or pull --to has made.")
    private Path out;

    @Option(
            names = "--name",
            paramLabel = "MODEL",
            description = "The model's name. Default: that in the run's recipe, or RUN's.")
    private String model;

    @Option(
            names = "--repository",
            paramLabel = "ORG/NAME",
            description = "What the Hub's clients call it. Default: local/MODEL.")
    private String repository;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            converter = FileType.class,
            description = "Cast weights to fp32, bf16 or fp16. Default: as they are.")
    private TensorType dtype;

    @Option(
            names = "--with-state",
            description =
                    "Export also what a run is resumed from: the optimizer's state, the cursor,"
                            + " the configuration with its paths.")
    private boolean withState;

    private record Checkpoint(
            String name,
            String commit,
            Long step,
            Long tokens,
            Double loss,
            long bytes,
            boolean added) {}

    private record Result(
            String model, String repository, String path, List<Checkpoint> checkpoints) {}

    @Override
    public Integer call() throws IOException, ModelNotFoundException {
        RunPublisher.Builder publisher =
                RunPublisher.builder()
                        .setRun(zoo().directory(run))
                        .setTree(out)
                        .optModel(model)
                        .optRepository(repository)
                        .optWithState(withState)
                        .optType(dtype);
        RunPublisher.Published published;
        try (Meter progress = new Meter(terminal())) {
            published = publisher.optProgress(progress).build().publish();
        }
        Result result =
                new Result(
                        published.model(),
                        published.repository(),
                        out.toString(),
                        published.checkpoints().stream()
                                .map(one -> checkpoint(one, published.added()))
                                .toList());
        output.result(result, () -> print(result));
        return 0;
    }

    private static Checkpoint checkpoint(TreeCheckpoint one, List<String> added) {
        return new Checkpoint(
                one.name(),
                one.commit(),
                EntryRow.boxed(one.standing().step()),
                EntryRow.boxed(one.standing().tokens()),
                EntryRow.boxed(one.standing().loss()),
                one.files().stream().mapToLong(TreeFile::size).sum(),
                added.contains(one.name()));
    }

    private void print(Result result) {
        for (Checkpoint checkpoint : result.checkpoints()) {
            output.line(
                    "%s@%s: %s%s"
                            .formatted(
                                    result.model(),
                                    checkpoint.name(),
                                    ByteSize.format(checkpoint.bytes()),
                                    checkpoint.added() ? "" : "; was there already"));
        }
        output.line(
                "llm360+%s%s names the last one"
                        .formatted(
                                // An address of an existing directory ends with a slash.
                                out.toAbsolutePath().normalize().toUri(), result.model()));
    }
}
