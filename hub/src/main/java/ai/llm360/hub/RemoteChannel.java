package ai.llm360.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** A file that is read and can't be mapped. Positional reads run side by side. */
final class RemoteChannel extends FileChannel {

    private static final int COPY = 1 << 16;

    private final ByteSource source;
    private final String name;
    private long position;

    RemoteChannel(ByteSource source, String name) {
        this.source = source;
        this.name = name;
    }

    @Override
    public synchronized int read(ByteBuffer dst) throws IOException {
        int read = read(dst, position);
        position += Math.max(read, 0);
        return read;
    }

    @Override
    public synchronized long read(ByteBuffer[] dsts, int offset, int length) throws IOException {
        for (int i = offset; i < offset + length; i++) {
            if (dsts[i].hasRemaining()) {
                return read(dsts[i]);
            }
        }
        return 0;
    }

    @Override
    public int read(ByteBuffer dst, long from) throws IOException {
        if (from < 0) {
            throw new IllegalArgumentException("position " + from);
        }
        requireOpen();
        return dst.hasRemaining() ? source.read(dst, from) : 0;
    }

    @Override
    public synchronized long position() throws IOException {
        requireOpen();
        return position;
    }

    @Override
    public synchronized FileChannel position(long newPosition) throws IOException {
        if (newPosition < 0) {
            throw new IllegalArgumentException("position " + newPosition);
        }
        requireOpen();
        position = newPosition;
        return this;
    }

    @Override
    public long size() throws IOException {
        requireOpen();
        return source.size();
    }

    @Override
    public long transferTo(long from, long count, WritableByteChannel target) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(count, COPY));
        int read = read(buffer, from);
        return read <= 0 ? 0 : target.write(buffer.flip());
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long from, long count) {
        throw new UnsupportedOperationException(
                "%s isn't on this machine, so it can't be mapped: download it first"
                        .formatted(name));
    }

    @Override
    public int write(ByteBuffer src) {
        throw new NonWritableChannelException();
    }

    @Override
    public long write(ByteBuffer[] srcs, int offset, int length) {
        throw new NonWritableChannelException();
    }

    @Override
    public int write(ByteBuffer src, long to) {
        throw new NonWritableChannelException();
    }

    @Override
    public long transferFrom(ReadableByteChannel src, long to, long count) {
        throw new NonWritableChannelException();
    }

    @Override
    public FileChannel truncate(long size) {
        throw new NonWritableChannelException();
    }

    @Override
    public void force(boolean metaData) {}

    @Override
    public FileLock lock(long from, long count, boolean shared) {
        throw RemoteFileSystem.refused();
    }

    @Override
    public FileLock tryLock(long from, long count, boolean shared) {
        throw RemoteFileSystem.refused();
    }

    private void requireOpen() throws ClosedChannelException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
    }

    @Override
    protected void implCloseChannel() {}
}
