package ai.llm360.cli;

import ai.llm360.hub.CachedRevisions;
import ai.llm360.hub.HubCache;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

/** Runs {@code llm360 cache}: lists what the Hub's cache has of models. */
@Command(
        name = "cache",
        description = "Shows what the Hub's cache has of models, by whatever program.",
        subcommands = CachePruneCommand.class)
final class CacheCommand extends Verb {

    private record Repository(
            String repository,
            Map<String, String> refs,
            List<String> commits,
            long bytes,
            long unreferencedBytes,
            int partialDownloads,
            long partialBytes,
            String lastPartial) {

        static Repository of(CachedRevisions found) {
            return new Repository(
                    found.repository(),
                    found.refs(),
                    found.commits(),
                    found.bytes(),
                    found.unreferencedBytes(),
                    found.partials(),
                    found.partialBytes(),
                    found.lastPartial().map(Instant::toString).orElse(null));
        }

        boolean isEmpty() {
            return commits.isEmpty() && unreferencedBytes == 0 && partialDownloads == 0;
        }
    }

    private record Result(String directory, List<Repository> repositories) {}

    @Override
    public Integer call() throws Exception {
        HubCache cache = new HubCache(zoo().hub().cache());
        List<Repository> repositories =
                cache.repositories().stream()
                        .map(Repository::of)
                        .filter(repository -> !repository.isEmpty())
                        .toList();
        Result result = new Result(cache.root().toString(), repositories);
        output.result(result, () -> print(result));
        return 0;
    }

    private void print(Result result) {
        output.line(result.directory());
        output.table(
                List.of("repository", "revisions", "size", "unreferenced", "partial downloads"),
                result.repositories(),
                one ->
                        List.of(
                                one.repository(),
                                one.commits().size(),
                                ByteSize.format(one.bytes()),
                                ByteSize.format(one.unreferencedBytes()),
                                partial(one)));
    }

    private static String partial(Repository one) {
        if (one.partialDownloads() == 0) {
            return "none";
        }
        Duration age = Duration.between(Instant.parse(one.lastPartial()), Instant.now());
        return "%d, %s, %s old"
                .formatted(
                        one.partialDownloads(),
                        ByteSize.format(one.partialBytes()),
                        TrainingProgress.clock(Math.max(0, age.toSeconds())));
    }
}
