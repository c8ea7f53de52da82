package ai.llm360.common.checkpoint;

import ai.llm360.io.internal.PlainText;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs a pickle that can build nothing but plain data.
 *
 * <p>A pickle is a program for a stack machine (the opcodes are those of CPython's {@code
 * Lib/pickle.py}). This machine knows the opcodes of protocols 2 to 4 that {@code torch.save} emits
 * for a state dict; it never loads a class, and hands globals, calls and persistent ids to {@link
 * TorchConstructors}, whose list is closed. Work and memory are bounded by the pickle's own size
 * and by the limits below; nothing recurses, so neither nesting nor self-reference can exhaust the
 * stack.
 *
 * <p>Python values become {@code String}, {@code Long}, {@code Double}, {@code Boolean}, {@link
 * #NONE}, {@link Tuple}, {@code List} and {@code Map}.
 */
final class PickleMachine {

    /** A 7B state dict's pickle has 50 kB. */
    static final int MAX_BYTES = 16 << 20;

    /** A 7B state dict takes about 20,000. */
    static final int MAX_OPCODES = 4_000_000;

    /** Torch's pickler hands over a dict's items by the thousand, so it needs about 2,000. */
    static final int MAX_STACK = 100_000;

    static final int MAX_MEMO = 1_000_000;

    /** Python's None. */
    static final Object NONE =
            new Object() {
                @Override
                public String toString() {
                    return "None";
                }
            };

    private final TorchConstructors constructors;
    private final ByteBuffer code;
    private final Map<Long, Object> memo = new HashMap<>();
    private final ArrayDeque<Integer> marks = new ArrayDeque<>();
    private final ArrayList<Object> stack = new ArrayList<>();

    PickleMachine(byte[] pickle, TorchConstructors constructors) {
        this.constructors = constructors;
        code = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A Python tuple. Identity suffices: tuples are never compared, which could recurse. */
    static final class Tuple {
        final List<Object> items;

        Tuple(List<Object> items) {
            this.items = items;
        }
    }

    /** Runs the pickle and returns what it leaves. */
    Object run() throws CheckpointException {
        for (int executed = 0; executed < MAX_OPCODES; executed++) {
            int opcode = (int) unsigned(1);
            if (opcode == '.') {
                Object result = pop();
                require(stack.isEmpty() && marks.isEmpty(), "stops with values left on its stack");
                return result;
            }
            execute(opcode);
            require(
                    stack.size() <= MAX_STACK
                            && marks.size() <= MAX_STACK
                            && memo.size() <= MAX_MEMO,
                    "keeps more values than a state dict could need");
        }
        throw constructors.problem("has more than " + MAX_OPCODES + " opcodes");
    }

    private void execute(int opcode) throws CheckpointException {
        switch (opcode) {
            case 0x80 -> protocol();
            case 0x95 -> unsigned(8); // FRAME: a read-ahead hint
            case '(' -> marks.push(stack.size());
            case '0' -> pop();
            case '1' -> popMark();
            case 'N' -> stack.add(NONE);
            case 0x88 -> stack.add(true);
            case 0x89 -> stack.add(false);
            case 'J' -> stack.add((long) (int) unsigned(4));
            case 'K' -> stack.add(unsigned(1));
            case 'M' -> stack.add(unsigned(2));
            case 0x8a -> stack.add(longInteger((int) unsigned(1)));
            case 'G' -> stack.add(Double.longBitsToDouble(Long.reverseBytes(unsigned(8))));
            case 'X' -> stack.add(text(unsigned(4)));
            case 0x8c -> stack.add(text(unsigned(1)));
            case 0x8d -> stack.add(text(unsigned(8)));
            case ')' -> stack.add(new Tuple(List.of()));
            case 't' -> stack.add(new Tuple(popMark()));
            case 0x85 -> stack.add(new Tuple(pop(1)));
            case 0x86 -> stack.add(new Tuple(pop(2)));
            case 0x87 -> stack.add(new Tuple(pop(3)));
            case ']' -> stack.add(new ArrayList<>());
            case 'l' -> stack.add(popMark());
            case 'a' -> append(pop(1));
            case 'e' -> append(popMark());
            case '}' -> stack.add(new LinkedHashMap<>());
            case 'd' -> {
                List<Object> items = popMark();
                stack.add(new LinkedHashMap<>());
                setItems(items);
            }
            case 's' -> setItems(pop(2));
            case 'u' -> setItems(popMark());
            case 'q' -> remember(unsigned(1));
            case 'r' -> remember(unsigned(4));
            case 0x94 -> remember(memo.size());
            case 'h' -> recall(unsigned(1));
            case 'j' -> recall(unsigned(4));
            case 'c' -> stack.add(constructors.global(line(), line()));
            case 0x93 -> {
                List<Object> names = pop(2);
                stack.add(constructors.global(string(names.get(0)), string(names.get(1))));
            }
            case 'Q' -> stack.add(constructors.storage(pop()));
            case 'R' -> {
                List<Object> call = pop(2);
                stack.add(constructors.call(call.get(0), call.get(1)));
            }
            case 'b' -> build(pop());
            default ->
                    throw constructors.problem(
                            String.format(
                                    "uses opcode 0x%02x at byte %d, which no state dict needs;"
                                            + " it is not run",
                                    opcode, code.position() - 1));
        }
    }

    private void protocol() throws CheckpointException {
        long version = unsigned(1);
        require(version >= 2 && version <= 4, "has protocol " + version + "; expected 2, 3 or 4");
    }

    /** An OrderedDict's attributes, such as a module's {@code _metadata}, which hold no weights. */
    private void build(Object state) throws CheckpointException {
        require(
                peek() instanceof Map && state instanceof Map,
                "sets the state of something that is not a dict; it is not run");
    }

    private void append(List<Object> items) throws CheckpointException {
        require(peek() instanceof List, "appends to something that is not a list");
        @SuppressWarnings("unchecked")
        List<Object> list = (List<Object>) peek();
        list.addAll(items);
    }

    private void setItems(List<Object> items) throws CheckpointException {
        require(
                peek() instanceof Map && items.size() % 2 == 0,
                "sets items of something that is not a dict, or a key without a value");
        @SuppressWarnings("unchecked")
        Map<Object, Object> dict = (Map<Object, Object>) peek();
        for (int i = 0; i < items.size(); i += 2) {
            Object key = items.get(i);
            require(
                    key instanceof String || key instanceof Long || key instanceof Boolean,
                    "has a dict key that is neither text nor a number");
            if (dict.put(key, items.get(i + 1)) != null) {
                throw constructors.problem(
                        "sets the dict key " + PlainText.quote(key.toString()) + " twice");
            }
        }
    }

    private void remember(long index) throws CheckpointException {
        memo.put(index, peek());
    }

    private void recall(long index) throws CheckpointException {
        Object value = memo.get(index);
        if (value == null) {
            throw constructors.problem("recalls memo " + index + ", which it never set");
        }
        stack.add(value);
    }

    /** A number of 1 to 8 little-endian bytes; of 8, the sign is the caller's to read. */
    private long unsigned(int bytes) throws CheckpointException {
        need(bytes);
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (code.get() & 0xFFL) << (8 * i);
        }
        return value;
    }

    /** LONG1: two's complement of the given length. */
    private long longInteger(int bytes) throws CheckpointException {
        if (bytes > 8) {
            throw constructors.problem("has an integer of " + bytes + " bytes; sizes fit in 8");
        }
        if (bytes == 0) {
            return 0;
        }
        int unused = 64 - 8 * bytes;
        return unsigned(bytes) << unused >> unused;
    }

    private String text(long bytes) throws CheckpointException {
        need(bytes);
        ByteBuffer slice = code.slice(code.position(), (int) bytes);
        code.position(code.position() + (int) bytes);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(slice).toString();
        } catch (CharacterCodingException e) {
            throw constructors.problem("has text that is not UTF-8");
        }
    }

    private String line() throws CheckpointException {
        int start = code.position();
        while (true) {
            need(1);
            if (code.get() == '\n') {
                int length = code.position() - 1 - start;
                return new String(code.array(), start, length, StandardCharsets.UTF_8);
            }
        }
    }

    private void need(long bytes) throws CheckpointException {
        require(bytes >= 0 && bytes <= code.remaining(), "ends in the middle of a value");
    }

    private String string(Object value) throws CheckpointException {
        if (value instanceof String text) {
            return text;
        }
        throw constructors.problem("names a global by something that is not text");
    }

    private Object peek() throws CheckpointException {
        int floor = marks.isEmpty() ? 0 : marks.peek();
        require(stack.size() > floor, "takes a value from an empty stack");
        return stack.get(stack.size() - 1);
    }

    private Object pop() throws CheckpointException {
        Object top = peek();
        stack.remove(stack.size() - 1);
        return top;
    }

    private List<Object> pop(int count) throws CheckpointException {
        int floor = marks.isEmpty() ? 0 : marks.peek();
        require(stack.size() - floor >= count, "takes a value from an empty stack");
        return cut(stack.size() - count);
    }

    private List<Object> popMark() throws CheckpointException {
        require(!marks.isEmpty(), "closes a group that it never opened");
        return cut(marks.pop());
    }

    private List<Object> cut(int from) {
        List<Object> tail = stack.subList(from, stack.size());
        List<Object> items = new ArrayList<>(tail);
        tail.clear();
        return items;
    }

    private void require(boolean holds, String problem) throws CheckpointException {
        if (!holds) {
            throw constructors.problem(problem);
        }
    }
}
