package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.zoo.CastDownload;
import ai.llm360.zoo.CastDownload.Report;
import ai.llm360.zoo.Catalogue;
import ai.llm360.zoo.PublishedCheckpoint;
import ai.llm360.zoo.hub.HubClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** {@code llm360 pull --dtype}: downloads that are cast on their way. */
final class CastPull {

    private final HubClient client;
    private final TensorType type;
    private final boolean planOnly;
    private final Terminal terminal;
    private final Output output;

    CastPull(
            HubClient client, TensorType type, boolean planOnly, Terminal terminal, Output output) {
        this.client = client;
        this.type = type;
        this.planOnly = planOnly;
        this.terminal = terminal;
        this.output = output;
    }

    private record Cast(String checkpoint, String dtype, Report report) {}

    private record Result(boolean planned, List<Cast> checkpoints) {}

    void run(List<String> references) throws ModelNotFoundException, IOException {
        List<PublishedCheckpoint> checkpoints = new ArrayList<>();
        for (String reference : references) {
            checkpoints.addAll(Catalogue.deciding(reference).select(reference).checkpoints());
        }
        List<Cast> casts = new ArrayList<>();
        for (PublishedCheckpoint checkpoint : checkpoints) {
            casts.add(new Cast(checkpoint.reference(), type.torchName(), cast(checkpoint)));
        }
        output.result(new Result(planOnly, casts), () -> casts.forEach(this::print));
    }

    private Report cast(PublishedCheckpoint checkpoint) throws IOException {
        try (ByteProgress progress = new ByteProgress(terminal)) {
            CastDownload download =
                    CastDownload.builder()
                            .setClient(client)
                            .setCheckpoint(checkpoint)
                            .setType(type)
                            .optProgress(progress)
                            .build();
            return planOnly ? download.plan() : download.run();
        }
    }

    private void print(Cast cast) {
        Report report = cast.report();
        String kept = ByteSize.format(report.bytes()) + " of " + cast.dtype();
        if (planOnly && !report.here()) {
            output.line(
                    "%s: %s to download, %s to keep in %s"
                            .formatted(
                                    cast.checkpoint(),
                                    ByteSize.format(report.sourceBytes()),
                                    kept,
                                    report.directory()));
        } else {
            output.line(
                    "%s in %s: %s; transferred: %s"
                            .formatted(
                                    cast.checkpoint(),
                                    report.directory(),
                                    kept,
                                    ByteSize.format(report.transferred())));
        }
    }
}
