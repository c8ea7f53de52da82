package ai.llm360.common.run;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Keeps a second writer away. The system drops the lock when its process ends, however it does.
 *
 * <p>On POSIX systems it drops the lock also when the process closes the file through another
 * channel: one that opens its own run twice is refused, but the lock is gone for other processes.
 */
final class RunLock implements AutoCloseable {

    static final String FILE = ".lock";

    private final FileChannel channel;

    private RunLock(FileChannel channel) {
        this.channel = channel;
    }

    static RunLock take(Path run) throws IOException {
        FileChannel channel =
                FileChannel.open(
                        run.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return new RunLock(channel);
            }
        } catch (OverlappingFileLockException e) {
            // held in this very process
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        channel.close();
        throw new RunException(
                run, "is being written by another run; wait for it to end, or stop it");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
