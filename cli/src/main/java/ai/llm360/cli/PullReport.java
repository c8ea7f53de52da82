package ai.llm360.cli;

import ai.llm360.hub.HubFile;
import ai.llm360.hub.HubPlan;
import ai.llm360.zoo.transfer.Pull;
import ai.llm360.zoo.transfer.PullTarget;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Prints what a pull is going to do, or has done. */
final class PullReport {

    private PullReport() {}

    private record Checkpoint(
            String repository,
            String revision,
            String commit,
            String path,
            List<String> files,
            long bytes,
            int missingFiles,
            long missingBytes) {

        static Checkpoint of(PullTarget.Planned planned, Path path) {
            HubPlan plan = planned.plan();
            return new Checkpoint(
                    plan.repository(),
                    plan.revision(),
                    plan.commit(),
                    path == null ? null : path.toString(),
                    plan.files().stream().map(HubFile::path).toList(),
                    plan.bytes(),
                    plan.missing().size(),
                    planned.bytesToDownload());
        }

        String name() {
            return repository + "@" + revision;
        }
    }

    private record Done(boolean planned, List<Checkpoint> checkpoints) {}

    /** The seconds are known only where a rate was given. */
    private record Plan(
            boolean planned,
            List<Checkpoint> checkpoints,
            long missingBytes,
            String directory,
            long bytesToWrite,
            long freeBytes,
            Long seconds) {}

    /**
     * Prints a plan.
     *
     * @param rate bytes a second; null where that isn't known
     */
    static void print(Output output, Pull pull, Long rate) throws IOException {
        List<Checkpoint> all = new ArrayList<>();
        pull.checkpoints().forEach(planned -> all.add(Checkpoint.of(planned, null)));
        long bytes = pull.bytesToDownload();
        Plan plan =
                new Plan(
                        true,
                        all,
                        bytes,
                        pull.directory().toString(),
                        pull.bytesToWrite(),
                        pull.freeBytes(),
                        rate == null ? null : Math.round((double) bytes / rate));
        output.result(plan, () -> print(output, plan));
    }

    private static void print(Output output, Plan plan) {
        output.table(
                List.of("checkpoint", "files", "size", "here", "to download"),
                plan.checkpoints(),
                checkpoint ->
                        List.of(
                                checkpoint.name(),
                                checkpoint.files().size(),
                                ByteSize.format(checkpoint.bytes()),
                                ByteSize.format(checkpoint.bytes() - checkpoint.missingBytes()),
                                ByteSize.format(checkpoint.missingBytes())));
        output.rows(
                List.of(
                        List.of("to download", ByteSize.format(plan.missingBytes())),
                        List.of(
                                "disk",
                                "%s of %s free at %s"
                                        .formatted(
                                                ByteSize.format(plan.bytesToWrite()),
                                                ByteSize.format(plan.freeBytes()),
                                                plan.directory())),
                        List.of(
                                "time",
                                plan.seconds() == null
                                        ? "%s at 10 MB/s, %s at 100 MB/s; --rate says it for another"
                                                .formatted(
                                                        clock(plan.missingBytes(), 10_000_000),
                                                        clock(plan.missingBytes(), 100_000_000))
                                        : TrainingProgress.clock(plan.seconds()))));
    }

    private static String clock(long bytes, long rate) {
        return TrainingProgress.clock(Math.round((double) bytes / rate));
    }

    /** Prints what was done, and where it lies. */
    static void print(Output output, Pull pull, List<Path> directories) {
        List<Checkpoint> all = new ArrayList<>();
        for (int i = 0; i < directories.size(); i++) {
            all.add(Checkpoint.of(pull.checkpoints().get(i), directories.get(i)));
        }
        output.result(
                new Done(false, all),
                () -> all.forEach(checkpoint -> output.line(done(checkpoint))));
    }

    private static String done(Checkpoint checkpoint) {
        return "%s in %s: %s, %s; downloaded: %s"
                .formatted(
                        checkpoint.name(),
                        checkpoint.path(),
                        Output.count(checkpoint.files().size(), "file"),
                        ByteSize.format(checkpoint.bytes()),
                        checkpoint.missingFiles() == 0
                                ? "nothing"
                                : Output.count(checkpoint.missingFiles(), "file")
                                        + ", "
                                        + ByteSize.format(checkpoint.missingBytes()));
    }
}
