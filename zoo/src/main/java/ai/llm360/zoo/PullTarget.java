package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.hub.HubPlan;
import ai.llm360.hub.TransferListener;
import java.io.IOException;
import java.nio.file.Path;

/** Where pulled checkpoints go, and in which form. */
public interface PullTarget {

    /**
     * Returns where they are written.
     *
     * @return a directory on the disk that must have room for them; it need not exist
     */
    Path directory();

    /**
     * Finds out what bringing a checkpoint here would take. Nothing is written.
     *
     * @param wanted the checkpoint
     * @return the plan
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

    /** A checkpoint that can be brought here. */
    interface Planned {

        /**
         * Returns which files of which commit are wanted.
         *
         * @return the Hub's side of the plan
         */
        HubPlan plan();

        /**
         * Returns how much the network has to bring.
         *
         * @return bytes, without what is here and what an earlier plan of the same target brings
         */
        long bytesToDownload();

        /**
         * Returns how much the disk has to take.
         *
         * @return bytes, without what is here and what an earlier plan of the same target brings
         */
        long bytesToWrite();

        /**
         * Brings it here.
         *
         * @param listener is told of bytes that have come
         * @return where it lies
         * @throws IOException if it can't be had or written; what is whole stays
         */
        Path run(TransferListener listener) throws IOException;
    }
}
