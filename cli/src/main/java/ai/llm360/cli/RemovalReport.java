package ai.llm360.cli;

import ai.llm360.hub.CacheRemoval;
import ai.llm360.zoo.transfer.Removal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Shows what a removal takes away, asks, and does it. */
final class RemovalReport {

    private RemovalReport() {}

    private record Cached(
            String repository, List<String> commits, List<String> refs, int files, long bytes) {

        static Cached of(CacheRemoval removal) {
            return new Cached(
                    removal.repository(),
                    List.copyOf(removal.commits()),
                    removal.refs(),
                    removal.files(),
                    removal.bytes());
        }

        String line() {
            String what =
                    commits.isEmpty()
                            ? "what nothing shows"
                            : "%s%s"
                                    .formatted(
                                            commits.size() == 1
                                                    ? "snapshot " + commits.get(0)
                                                    : commits.size() + " snapshots",
                                            refs.isEmpty()
                                                    ? ""
                                                    : " (" + String.join(", ", refs) + ")");
            return "%s: %s; %s, %s"
                    .formatted(
                            repository, what, Output.count(files, "file"), ByteSize.format(bytes));
        }
    }

    private record Result(
            boolean planned,
            List<Cached> cached,
            List<String> directories,
            long bytes,
            Long freed) {}

    /** Returns the command's exit status. */
    static int run(Output output, Confirmation confirmation, Removal removal) throws IOException {
        List<Cached> cached = removal.cached().stream().map(Cached::of).toList();
        List<String> directories = removal.directories().stream().map(Path::toString).toList();
        long bytes = removal.bytes();
        if (!output.json()) {
            cached.forEach(one -> output.line(one.line()));
            directories.forEach(one -> output.line(one + ": the directory and all in it"));
            output.line(
                    removal.isEmpty()
                            ? "nothing to remove"
                            : ByteSize.format(bytes) + " to be freed");
        }
        boolean agreed =
                !confirmation.planOnly()
                        && !removal.isEmpty()
                        && (confirmation.given() || confirmation.ask("remove?"));
        Long freed = agreed ? (Long) removal.run() : null;
        Result result = new Result(confirmation.planOnly(), cached, directories, bytes, freed);
        output.result(
                result,
                () -> {
                    if (freed != null) {
                        output.line(ByteSize.format(freed) + " freed");
                    }
                });
        return agreed || confirmation.planOnly() || removal.isEmpty() ? 0 : 1;
    }
}
