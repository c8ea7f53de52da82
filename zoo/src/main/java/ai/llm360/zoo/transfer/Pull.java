package ai.llm360.zoo.transfer;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubException;
import ai.llm360.hub.TransferListener;
import ai.llm360.zoo.HubReference;
import ai.llm360.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings published checkpoints to this machine. All of it is planned before any of it is done, so a
 * name that is wrong, or a disk that is too small for all together, is told before hours of
 * downloading.
 *
 * <pre>{@code
 * Zoo zoo = Zoo.ofEnvironment();
 * PullTarget target = new CacheTarget(zoo.client(), path -> true);
 * Pull pull = Pull.plan(zoo, target, List.of("amber@0..359:40"));
 * pull.requireSpace();
 * List<Path> directories = pull.run(TransferListener.none());
 * }</pre>
 *
 * @param client the client of the Hub
 * @param target where the checkpoints go
 * @param checkpoints the checkpoints that come, in the order of the references
 */
public record Pull(HubClient client, PullTarget target, List<PullTarget.Planned> checkpoints) {

    /**
     * Finds out what pulling would do. Nothing is downloaded but lists of files.
     *
     * @param zoo whose Hub is asked
     * @param target where the checkpoints go; for one pull
     * @param references what is wanted, see {@link Zoo#onHub}
     * @throws ModelNotFoundException if LLM360 published no such checkpoint
     * @throws HubException if the Hub doesn't know one of them
     * @throws IOException if the cache can't be read
     */
    public static Pull plan(Zoo zoo, PullTarget target, List<String> references)
            throws ModelNotFoundException, IOException {
        List<HubReference> wanted = new ArrayList<>();
        for (String reference : references) {
            zoo.deciding(reference);
            wanted.addAll(zoo.onHub(reference));
        }
        List<PullTarget.Planned> checkpoints = new ArrayList<>();
        for (HubReference reference : wanted) {
            checkpoints.add(target.plan(reference));
        }
        return new Pull(zoo.client(), target, List.copyOf(checkpoints));
    }

    /** {@return the directory that they go to, which need not exist} */
    public Path directory() {
        return target.directory();
    }

    /** {@return the bytes that the network has to bring} */
    public long bytesToDownload() {
        return checkpoints.stream().mapToLong(PullTarget.Planned::bytesToDownload).sum();
    }

    /** {@return the bytes that the disk has to take} */
    public long bytesToWrite() {
        return checkpoints.stream().mapToLong(PullTarget.Planned::bytesToWrite).sum();
    }

    /**
     * {@return how many bytes the disk has room for}
     *
     * @throws IOException if the system doesn't tell
     */
    public long freeBytes() throws IOException {
        return client.freeBytes(target.directory());
    }

    /**
     * Refuses a pull that doesn't fit on the disk as a whole.
     *
     * @throws HubException if it doesn't, saying how much is needed
     * @throws IOException if the system doesn't tell
     */
    public void requireSpace() throws IOException {
        int count = checkpoints.size();
        client.requireSpace(
                target.directory(),
                bytesToWrite(),
                count == 1
                        ? checkpoints.get(0).plan().repository()
                        : count + " checkpoints together");
    }

    /**
     * Brings all of it here, one checkpoint after the other.
     *
     * @param listener is told of bytes that have come
     * @return where each checkpoint lies, in their order
     * @throws HubException if one doesn't fit, or can't be had; those before it stay, and so does
     *     the beginning of that one
     * @throws IOException if it can't be written, or on an interrupt
     */
    public List<Path> run(TransferListener listener) throws IOException {
        requireSpace();
        List<Path> directories = new ArrayList<>();
        for (PullTarget.Planned checkpoint : checkpoints) {
            directories.add(checkpoint.transfer().run(listener));
        }
        target.finish();
        return directories;
    }
}
