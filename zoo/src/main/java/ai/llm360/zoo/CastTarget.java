package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubPlan;
import ai.llm360.hub.TransferListener;
import java.io.IOException;
import java.nio.file.Path;

/** Pulls into the model home, cast to another type on the way: see {@link CastDownload}. */
public final class CastTarget implements PullTarget {

    private final HubClient client;
    private final TensorType type;

    /**
     * Creates a target.
     *
     * @param client the client of the Hub
     * @param type the type to keep
     */
    public CastTarget(HubClient client, TensorType type) {
        this.client = client;
        this.type = type;
    }

    @Override
    public Path directory() {
        return ModelHome.directory();
    }

    /**
     * {@inheritDoc} The source's headers are read for it.
     *
     * @throws ModelNotFoundException if it isn't one of the catalogue's, whose names the home has
     */
    @Override
    public Planned plan(HubReference wanted) throws ModelNotFoundException, IOException {
        PublishedCheckpoint checkpoint =
                wanted.published()
                        .orElseThrow(
                                () ->
                                        new ModelNotFoundException(
                                                "%s has no place in the model home: name a published checkpoint, such as amber@ckpt-200, or pull it as it is and convert it"
                                                        .formatted(wanted)));
        return new IntoHome(
                this,
                checkpoint,
                CheckpointDownload.plan(client, HubReference.of(checkpoint)),
                cast(checkpoint).build().plan());
    }

    private CastDownload.Builder cast(PublishedCheckpoint checkpoint) {
        return CastDownload.builder().setClient(client).setCheckpoint(checkpoint).setType(type);
    }

    private record IntoHome(
            CastTarget target,
            PublishedCheckpoint checkpoint,
            HubPlan plan,
            CastDownload.Report report)
            implements Planned {

        @Override
        public long bytesToDownload() {
            return report.here() ? 0 : plan.missingBytes();
        }

        @Override
        public long bytesToWrite() {
            return report.here() ? 0 : report.bytes();
        }

        @Override
        public Path run(TransferListener listener) throws IOException {
            return target.cast(checkpoint).optListener(listener).build().run().directory();
        }
    }
}
