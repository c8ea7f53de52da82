package ai.llm360.zoo.transfer;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.hub.HubPlan;
import ai.llm360.hub.TransferListener;
import ai.llm360.zoo.HubReference;
import java.io.IOException;
import java.nio.file.Path;

/** Takes pulled checkpoints, in a form of its own. */
public interface PullTarget {

    /** {@return a directory on the disk that must have room for them; it need not exist} */
    Path directory();

    /**
     * {@return what bringing a checkpoint here would take} Nothing is written.
     *
     * @throws ModelNotFoundException if there is no place for it
     * @throws IOException if the Hub doesn't know it, or can't be asked
     */
    Planned plan(HubReference wanted) throws ModelNotFoundException, IOException;

    /**
     * Is called when all that was planned is here.
     *
     * @throws IOException if what is left can't be cleared away
     */
    default void finish() throws IOException {}

    /**
     * A checkpoint that can be brought here. Its bytes are counted without what is here, and
     * without what an earlier plan of the same target brings.
     *
     * @param plan the files of the commit that are wanted: the Hub's side of the plan
     * @param bytesToDownload the bytes that the network has to bring
     * @param bytesToWrite the bytes that the disk has to take
     * @param transfer brings it here
     */
    record Planned(HubPlan plan, long bytesToDownload, long bytesToWrite, Transfer transfer) {}

    /** Brings a checkpoint here. */
    @FunctionalInterface
    interface Transfer {

        /**
         * {@return where the checkpoint lies, once it is here}
         *
         * @param listener is told of bytes that have come
         * @throws IOException if it can't be had or written; what is whole stays
         */
        Path run(TransferListener listener) throws IOException;
    }
}
