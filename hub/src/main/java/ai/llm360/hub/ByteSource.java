package ai.llm360.hub;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A file's bytes, wherever they come from. May be used from several threads at once. */
interface ByteSource {

    long size();

    /**
     * Reads some bytes into a buffer that has room, as a file's channel does.
     *
     * @return how many; -1 at the file's end
     */
    int read(ByteBuffer dst, long position) throws IOException;

    /** Bytes that are in memory. */
    static ByteSource of(byte[] bytes) {
        return new ByteSource() {
            @Override
            public long size() {
                return bytes.length;
            }

            @Override
            public int read(ByteBuffer dst, long position) {
                if (position >= bytes.length) {
                    return -1;
                }
                int count = Math.min(dst.remaining(), bytes.length - (int) position);
                dst.put(bytes, (int) position, count);
                return count;
            }
        };
    }
}
