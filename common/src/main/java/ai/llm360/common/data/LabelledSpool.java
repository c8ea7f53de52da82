package ai.llm360.common.data;

import ai.llm360.common.chat.LabelledIds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Encoded conversations on their way to rows, in a temporary file: which row each goes to is known
 * only at the end. In memory is where each begins.
 */
final class LabelledSpool implements AutoCloseable {

    /** Marks an id that is learned; ids are never negative. */
    private static final int LABEL = 1 << 31;

    /**
     * An encoded text.
     *
     * @param at the number of ids before it
     * @param length its ids
     * @param group what it belongs to: it is held out whole or not at all
     */
    record Item(long at, int length, int group) {}

    private final Path file;
    private final FileChannel channel;
    private final List<Item> items = new ArrayList<>();
    private ByteBuffer buffer = ByteBuffer.allocate(1 << 18).order(ByteOrder.LITTLE_ENDIAN);
    private long ids;

    LabelledSpool(Path file) throws IOException {
        this.file = file;
        channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
    }

    void add(LabelledIds text, int group) throws IOException {
        items.add(new Item(ids, text.ids().length, group));
        for (int i = 0; i < text.ids().length; i++) {
            if (buffer.remaining() < Integer.BYTES) {
                flush();
            }
            int id = Math.toIntExact(text.ids()[i]);
            buffer.putInt(text.labels()[i] ? id | LABEL : id);
        }
        ids += text.ids().length;
    }

    private void flush() throws IOException {
        buffer.flip();
        try {
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        } catch (IOException e) {
            throw DataException.writing(file, e);
        }
        buffer.clear();
    }

    List<Item> items() {
        return items;
    }

    /** Reads a text; nothing can be added after that. */
    LabelledIds read(Item item) throws IOException {
        if (buffer.position() > 0 && channel.size() < ids * Integer.BYTES) {
            flush();
        }
        int bytes = item.length() * Integer.BYTES;
        if (buffer.capacity() < bytes) {
            buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        }
        buffer.clear().limit(bytes);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, item.at() * Integer.BYTES + buffer.position()) < 0) {
                throw new DataException(file, "became shorter while it was read");
            }
        }
        LabelledIds text = new LabelledIds(new long[item.length()], new boolean[item.length()]);
        for (int i = 0; i < item.length(); i++) {
            int id = buffer.getInt(i * Integer.BYTES);
            text.ids()[i] = id & ~LABEL;
            text.labels()[i] = id < 0;
        }
        buffer.clear();
        return text;
    }

    /** Removes the file. */
    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(file);
    }
}
