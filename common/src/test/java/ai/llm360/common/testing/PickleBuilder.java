package ai.llm360.common.testing;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Makes pickles opcode by opcode, good ones and bad ones. Each method is named after its opcode.
 */
public final class PickleBuilder {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** PROTO. */
    public PickleBuilder proto(int version) {
        return raw(0x80, version);
    }

    /** EMPTY_DICT. */
    public PickleBuilder emptyDict() {
        return raw('}');
    }

    /** MARK. */
    public PickleBuilder mark() {
        return raw('(');
    }

    /** SETITEMS. */
    public PickleBuilder setItems() {
        return raw('u');
    }

    /** BINUNICODE. */
    public PickleBuilder text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        raw('X').raw(intBytes(utf8.length));
        out.writeBytes(utf8);
        return this;
    }

    /** BININT1, BININT or LONG1, whichever fits. */
    public PickleBuilder integer(long value) {
        if (value >= 0 && value < 256) {
            return raw('K', (int) value);
        }
        if (value == (int) value) {
            return raw('J').raw(intBytes((int) value));
        }
        out.write(0x8a);
        out.write(8);
        out.writeBytes(
                ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
        return this;
    }

    /** GLOBAL. */
    public PickleBuilder global(String module, String name) {
        out.writeBytes(("c" + module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
        return this;
    }

    /** A MARK, integers and TUPLE. */
    public PickleBuilder tuple(long... values) {
        mark();
        for (long value : values) {
            integer(value);
        }
        return raw('t');
    }

    /** TUPLE, closing a mark. */
    public PickleBuilder tuple() {
        return raw('t');
    }

    /** REDUCE. */
    public PickleBuilder reduce() {
        return raw('R');
    }

    /** NEWFALSE. */
    public PickleBuilder no() {
        return raw(0x89);
    }

    /** An empty OrderedDict, as every tensor's hooks are. */
    public PickleBuilder orderedDict() {
        return global("collections", "OrderedDict").raw(')').reduce();
    }

    /** A storage by its persistent id. */
    public PickleBuilder storage(String storageClass, String key, long elements) {
        return mark().text("storage")
                .global("torch", storageClass)
                .text(key)
                .text("cpu")
                .integer(elements)
                .tuple()
                .raw('Q');
    }

    /** The argument tuple of _rebuild_tensor_v2, for a view of a storage. */
    public PickleBuilder tensorArguments(
            String storageClass,
            String key,
            long elements,
            long offset,
            long[] sizes,
            long[] strides) {
        return mark().storage(storageClass, key, elements)
                .integer(offset)
                .tuple(sizes)
                .tuple(strides)
                .no()
                .orderedDict()
                .tuple();
    }

    /** A tensor: a view of a storage. */
    public PickleBuilder tensor(
            String storageClass,
            String key,
            long elements,
            long offset,
            long[] sizes,
            long[] strides) {
        return global("torch._utils", "_rebuild_tensor_v2")
                .tensorArguments(storageClass, key, elements, offset, sizes, strides)
                .reduce();
    }

    /** Any bytes. */
    public PickleBuilder raw(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
        return this;
    }

    /** STOP, and the pickle's bytes. */
    public byte[] stop() {
        out.write('.');
        return out.toByteArray();
    }

    private static int[] intBytes(int value) {
        return new int[] {value & 0xFF, value >> 8 & 0xFF, value >> 16 & 0xFF, value >> 24 & 0xFF};
    }
}
