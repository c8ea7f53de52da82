package ai.llm360.common.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads protocol-buffer fields; anything out of bounds is an {@link IllegalArgumentException}. */
final class ProtoReader {

    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int LENGTH_DELIMITED = 2;
    private static final int FIXED32 = 5;

    private final ByteBuffer bytes;
    private int wireType;

    ProtoReader(ByteBuffer bytes) {
        this.bytes = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Moves to the next field and returns its number, or 0 at the end. */
    int nextField() {
        if (!bytes.hasRemaining()) {
            return 0;
        }
        long key = varint();
        wireType = (int) (key & 7);
        long field = key >>> 3;
        if (field < 1 || field > 0x1FFFFFFF) {
            throw new IllegalArgumentException("no protocol-buffer field has number " + field);
        }
        return (int) field;
    }

    boolean isEmpty() {
        return !bytes.hasRemaining();
    }

    ProtoReader message() {
        expect(LENGTH_DELIMITED);
        return new ProtoReader(delimited());
    }

    String string() {
        expect(LENGTH_DELIMITED);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(delimited()).toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("a string isn't UTF-8", e);
        }
    }

    long integer() {
        expect(VARINT);
        return varint();
    }

    boolean flag() {
        return integer() != 0;
    }

    float number() {
        expect(FIXED32);
        advance(Float.BYTES);
        return bytes.getFloat(bytes.position() - Float.BYTES);
    }

    void skip() {
        switch (wireType) {
            case VARINT -> varint();
            case FIXED64 -> advance(Long.BYTES);
            case LENGTH_DELIMITED -> delimited();
            case FIXED32 -> advance(Integer.BYTES);
            default -> throw new IllegalArgumentException("wire type " + wireType + " is unknown");
        }
    }

    private void expect(int expected) {
        if (wireType != expected) {
            throw new IllegalArgumentException(
                    "a field has wire type " + wireType + " where " + expected + " belongs");
        }
    }

    private ByteBuffer delimited() {
        long length = varint();
        int start = bytes.position();
        advance(length);
        return bytes.slice(start, (int) length);
    }

    private void advance(long count) {
        if (count < 0 || count > bytes.remaining()) {
            throw new IllegalArgumentException(
                    "a field of "
                            + count
                            + " bytes runs past the end: the file is cut or no model");
        }
        bytes.position(bytes.position() + (int) count);
    }

    private long varint() {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            if (!bytes.hasRemaining()) {
                throw new IllegalArgumentException("the file ends within a number");
            }
            byte next = bytes.get();
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("a number is longer than ten bytes");
    }
}
