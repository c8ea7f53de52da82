package ai.llm360.cli;

import ai.llm360.common.data.AmberJsonl;
import ai.llm360.common.data.DataManifest;
import ai.llm360.common.data.DataRemix;
import ai.llm360.common.data.TokenDataset;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 data mix}: mixes a prepared data set in other proportions. */
@Command(
        name = "mix",
        description = {
            "Makes a data set with other proportions or chunks out of a prepared one.",
            "With --from-chunk=K the chunks before K stay as they are, and each source goes on"
                    + " where they left it: a run that has read them can be resumed with OUT."
        })
final class DataMixCommand extends Verb {

    @Parameters(index = "0", paramLabel = "DATA", description = "The prepared data set.")
    private Path source;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "The directory to make.")
    private Path target;

    @Option(
            names = "--weights",
            paramLabel = "SOURCE=WEIGHT",
            split = ",",
            description =
                    "Each source's proportion of a chunk, such as prose=2,code=1; a source that is"
                            + " not named gets no rows, one that runs out begins anew. Default:"
                            + " every row that is left once.")
    private Map<String, Double> weights = new LinkedHashMap<>();

    @Option(
            names = "--from-chunk",
            paramLabel = "K",
            description = "The first chunk to mix anew. Default: 0.")
    private int firstChunk;

    @Option(
            names = "--chunks",
            paramLabel = "N",
            description = "The number of chunks in all. Default: as many as there are.")
    private int chunks;

    @Option(
            names = "--rows-per-chunk",
            paramLabel = "N",
            description = "The rows of a chunk where weights are given. Default: as before.")
    private long rowsPerChunk;

    @Option(
            names = "--jsonl",
            paramLabel = "DIR",
            description = "Write the rows into DIR as well, as Amber's train_NNN.jsonl.")
    private Path jsonl;

    @Override
    public Integer call() throws IOException {
        DataManifest manifest =
                DataRemix.builder()
                        .setSource(source)
                        .setTarget(target)
                        .optWeights(weights)
                        .optFirstChunk(firstChunk)
                        .optChunks(chunks)
                        .optRowsPerChunk(rowsPerChunk)
                        .build()
                        .mix();
        if (jsonl != null) {
            try (TokenDataset data = TokenDataset.open(target)) {
                AmberJsonl.write(data, jsonl);
            }
        }
        DataReport report = DataReport.of(target, manifest);
        output.result(report, () -> report.print(output));
        return 0;
    }
}
