package ai.llm360.zoo.transfer;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubPlan;
import ai.llm360.hub.TransferListener;
import ai.llm360.zoo.HubReference;
import ai.llm360.zoo.Zoo;
import ai.llm360.zoo.catalogue.PublishedCheckpoint;
import ai.llm360.zoo.source.CheckpointDownload;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Pulls into the model home, cast to another type on the way: see {@link CastDownload}.
 *
 * @param zoo whose Hub is asked, and whose model home is written to
 * @param type the type to keep
 */
public record CastTarget(Zoo zoo, TensorType type) implements PullTarget {

    @Override
    public Path directory() {
        return zoo.home();
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
        HubClient client = zoo.client();
        Path directory = zoo.home().resolve(checkpoint.model()).resolve(checkpoint.name());
        HubPlan plan =
                CheckpointDownload.of(
                                client,
                                checkpoint.repository(),
                                checkpoint.revision(),
                                checkpoint.reference())
                        .plan();
        CastDownload.Report report =
                new CastDownload(client, checkpoint, type, directory, TransferListener.none())
                        .plan();
        return new Planned(
                plan,
                report.here() ? 0 : plan.missingBytes(),
                report.here() ? 0 : report.bytes(),
                listener ->
                        new CastDownload(client, checkpoint, type, directory, listener)
                                .run()
                                .directory());
    }
}
