package ai.llm360.serve;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Python's operators, and what chat templates use of Jinja's filters, tests and methods. A
 * translated template calls these functions and nothing else.
 *
 * <p>Values are texts, whole numbers, truths, lists, maps with texts as keys, namespaces, none and
 * undefined. What isn't listed here, or would need a rule of Python's that isn't here, is refused
 * by name. Each function first takes the rendering in progress, which bounds the work.
 *
 * <p>It passes 400 lines since the list of what is known is one idea, and is read as one.
 */
final class JinjaValues {

    /** None, a value that isn't there, and one of Jinja's functions that isn't called. */
    enum Special {
        NONE,
        UNDEFINED,
        FUNCTION
    }

    /** The result of {@code namespace()}: a map that assignments may change. */
    static final class Namespace {
        private final Map<String, Object> values = new LinkedHashMap<>();
    }

    /** Thrown when a template fails, gives up, or is refused; the message is the user's. */
    static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final boolean refusal;

        Failure(String message, boolean refusal) {
            super(message, null, false, false);
            this.refusal = refusal;
        }

        boolean refusal() {
            return refusal;
        }
    }

    /** One rendering: its bounds, and the first thing that went wrong. */
    static final class Rendering {

        /** A conversation of 1,000 messages takes some 50,000. */
        private static final long MAX_WORK = 250_000;

        private static final int MAX_CHARACTERS = 4 << 20;

        private static final int CHARACTERS = 64;
        private static final long MAX_NANOS = 10_000_000_000L;

        private final UnaryOperator<String> dates;
        private final long begin = System.nanoTime();
        private long work;
        private Failure failure;

        /**
         * @param dates writes the present time in a format of strftime
         */
        Rendering(UnaryOperator<String> dates) {
            this.dates = dates;
        }

        Failure failure() {
            return failure;
        }

        /** Counts a node, and tells whether it is to be rendered. */
        boolean goesOn() {
            if (failure == null) {
                count(1);
            }
            return failure == null;
        }

        /** Jinjava goes on after an exception, so each call throws the first one again. */
        private Failure fail(String message, boolean refusal) {
            if (failure == null) {
                failure = new Failure(message, refusal);
            }
            return failure;
        }

        private void work(long units) {
            count(units);
            if (failure != null) {
                throw failure;
            }
        }

        private void count(long units) {
            work += units;
            if (work > MAX_WORK || System.nanoTime() - begin > MAX_NANOS) {
                fail("it does more work than a conversation can need", false);
            }
        }

        private String text(String text) {
            characters(text.length());
            return text;
        }

        /** Counts a text before it is made. */
        private void characters(long length) {
            if (length > MAX_CHARACTERS) {
                throw fail(
                        "it makes texts of more than %,d letters".formatted(MAX_CHARACTERS), false);
            }
            work(1 + length / CHARACTERS);
        }

        private Failure error(String message) {
            return fail(message, false);
        }

        private Failure refuse(String construct) {
            return fail(construct, true);
        }
    }

    /** The attributes that Python's texts, lists and maps have: none is taken for undefined. */
    private static final Set<String> ATTRIBUTES =
            Set.of(
                    ("capitalize casefold center count encode endswith expandtabs find format"
                                    + " format_map index isalnum isalpha isascii isdecimal isdigit"
                                    + " isidentifier islower isnumeric isprintable isspace istitle"
                                    + " isupper join ljust lower lstrip maketrans partition"
                                    + " removeprefix removesuffix replace rfind rindex rjust"
                                    + " rpartition rsplit rstrip split splitlines startswith strip"
                                    + " swapcase title translate upper zfill append clear copy"
                                    + " extend insert pop remove reverse sort fromkeys get items"
                                    + " keys popitem setdefault update values")
                            .split(" "));

    private JinjaValues() {}

    static Object py_refuse(Rendering s, Object construct) {
        s.work(1);
        throw s.refuse((String) construct);
    }

    static Object py_raise_exception(Rendering s, Object message) {
        s.work(1);
        throw s.error(string(s, message));
    }

    static Object py_strftime_now(Rendering s, Object format) {
        s.work(1);
        try {
            return s.text(s.dates.apply(string(s, format)));
        } catch (IllegalArgumentException e) {
            throw s.refuse(e.getMessage());
        }
    }

    static Object py_list(Rendering s) {
        s.work(1);
        return new ArrayList<>();
    }

    static Object py_dict(Rendering s) {
        s.work(1);
        return new LinkedHashMap<>();
    }

    static Object py_namespace(Rendering s) {
        s.work(1);
        return new Namespace();
    }

    static Object py_add(Rendering s, Object list, Object item) {
        s.work(1);
        List<Object> longer = new ArrayList<>((List<?>) list);
        longer.add(item);
        return longer;
    }

    static Object py_put(Rendering s, Object map, Object key, Object value) {
        s.work(1);
        if (!(key instanceof String name)) {
            throw s.refuse("a key that is no text");
        }
        if (map instanceof Namespace namespace) {
            namespace.values.put(name, value);
            return namespace;
        }
        Map<Object, Object> larger = new LinkedHashMap<>((Map<?, ?>) map);
        larger.put(name, value);
        return larger;
    }

    static Object py_assign(Rendering s, Object namespace, Object name, Object value) {
        s.work(1);
        if (!(namespace instanceof Namespace)) {
            throw s.error("an attribute of what is no namespace is set");
        }
        py_put(s, namespace, name, value);
        return "";
    }

    static Object py_items(Rendering s, Object value) {
        s.work(1);
        List<Object> items;
        if (value instanceof List<?> list) {
            items = new ArrayList<>(list); // a namespace's may be set anew meanwhile
        } else if (value instanceof Map<?, ?> map) {
            items = new ArrayList<>(map.keySet());
        } else if (value == Special.UNDEFINED) {
            items = List.of();
        } else if (value instanceof String) {
            throw s.refuse("a loop over the characters of a text");
        } else {
            throw s.error("'%s' object is not iterable".formatted(type(value)));
        }
        s.work(items.size());
        return items;
    }

    /** Returns one of the parts that an item of a loop is unpacked to. */
    static Object py_part(Rendering s, Object item, Object index, Object parts) {
        s.work(1);
        if (!(item instanceof List<?> list)) {
            throw s.refuse("unpacking a " + type(item));
        }
        if (list.size() != (long) parts) {
            throw s.error("%d values to unpack to %d names".formatted(list.size(), (long) parts));
        }
        return list.get((int) (long) index);
    }

    private static List<Object> pairs(Rendering s, Map<?, ?> map) {
        s.work(2L * map.size());
        List<Object> pairs = new ArrayList<>();
        map.forEach((key, value) -> pairs.add(List.of(key, value)));
        return pairs;
    }

    /** Returns what {@code {{ value }}} prints. */
    static Object py_text(Rendering s, Object value) {
        return s.text(string(s, value));
    }

    static boolean py_true(Rendering s, Object value) {
        s.work(1);
        if (value instanceof Boolean truth) {
            return truth;
        }
        if (isInteger(value)) {
            return integer(value) != 0;
        }
        if (value instanceof String text) {
            return !text.isEmpty();
        }
        if (value instanceof List<?> list) {
            return !list.isEmpty();
        }
        if (value instanceof Map<?, ?> map) {
            return !map.isEmpty();
        }
        if (value == Special.NONE || value == Special.UNDEFINED) {
            return false;
        }
        throw s.refuse("the truth of a %s".formatted(type(value)));
    }

    static Object py_attribute(Rendering s, Object of, Object name) {
        s.work(1);
        if (of instanceof Namespace namespace) {
            return namespace.values.getOrDefault(name, Special.UNDEFINED);
        }
        if (of instanceof Map<?, ?> map && !ATTRIBUTES.contains(name) && has(s, map, name)) {
            return map.get(name);
        }
        return missing(s, of, name);
    }

    static Object py_item(Rendering s, Object of, Object key) {
        s.work(1);
        if (of instanceof Map<?, ?> map && has(s, map, key)) {
            return map.get(key);
        }
        if (isInteger(key) && of instanceof List<?> list) {
            long index = integer(key) + (integer(key) < 0 ? list.size() : 0);
            return index >= 0 && index < list.size() ? list.get((int) index) : Special.UNDEFINED;
        }
        if (isInteger(key) && of instanceof String text) {
            s.characters(text.length());
            int size = text.codePointCount(0, text.length());
            long index = integer(key) + (integer(key) < 0 ? size : 0);
            return index >= 0 && index < size
                    ? Character.toString(text.codePointAt(text.offsetByCodePoints(0, (int) index)))
                    : Special.UNDEFINED;
        }
        return missing(s, of, key);
    }

    private static boolean has(Rendering s, Map<?, ?> map, Object key) {
        if (key instanceof Special) {
            return false;
        }
        if (!(key instanceof String) && !isInteger(key)) {
            throw s.error("a key that is a %s".formatted(type(key))); // a list's hash has no bound
        }
        return map.containsKey(key);
    }

    private static Object missing(Rendering s, Object of, Object key) {
        String name = key instanceof String text ? text : type(key);
        if (of == Special.UNDEFINED) {
            throw s.error("an undefined value has no '%s'".formatted(name));
        }
        boolean known =
                of instanceof String
                        || of instanceof List<?>
                        || of instanceof Map<?, ?>
                        || of == Special.NONE;
        if (!known || ATTRIBUTES.contains(name) || name.startsWith("_")) {
            throw s.refuse("'%s' of a %s".formatted(name, type(of)));
        }
        return Special.UNDEFINED;
    }

    static Object py_slice(Rendering s, Object of, Object from, Object to, Object step) {
        s.work(1);
        List<Object> items;
        if (of instanceof List<?> list) {
            items = new ArrayList<>(list);
        } else if (of instanceof String text) {
            s.work(text.length());
            items = new ArrayList<>();
            text.codePoints().forEach(point -> items.add(Character.toString(point)));
        } else {
            throw s.error("'%s' object can't be sliced".formatted(type(of)));
        }
        s.work(items.size());
        List<Object> part;
        if (step == Special.NONE || step.equals(1L)) {
            int begin = bound(s, from, 0, items.size());
            int end = bound(s, to, items.size(), items.size());
            part = begin < end ? items.subList(begin, end) : List.of();
        } else if (step.equals(-1L) && from == Special.NONE && to == Special.NONE) {
            part = new ArrayList<>(items);
            Collections.reverse(part);
        } else {
            throw s.refuse("a slice with steps");
        }
        return of instanceof String
                ? part.stream().map(Object::toString).collect(Collectors.joining())
                : new ArrayList<>(part);
    }

    private static int bound(Rendering s, Object bound, int otherwise, int size) {
        if (bound == Special.NONE) {
            return otherwise;
        }
        if (!isInteger(bound)) {
            throw s.error("slice indices must be integers or None");
        }
        long index = integer(bound);
        return (int) Math.max(0, Math.min(size, index < 0 ? index + size : index));
    }

    static Object py_operation(Rendering s, Object operator, Object left, Object right) {
        s.work(1);
        return switch ((String) operator) {
            case "==" -> equal(s, left, right);
            case "!=" -> !equal(s, left, right);
            case "<", ">", "<=", ">=" -> ordered(s, (String) operator, left, right);
            case "in" -> contains(s, left, right);
            case "not in" -> !contains(s, left, right);
            case "~" -> sum(s, string(s, left), string(s, right));
            case "+" -> sum(s, left, right);
            case "-", "*", "%", "//" -> arithmetic(s, (String) operator, left, right);
            default -> throw s.refuse("the operator " + operator);
        };
    }

    private static Object sum(Rendering s, Object left, Object right) {
        if (left instanceof String a && right instanceof String b) {
            s.characters((long) a.length() + b.length());
            return a.concat(b);
        }
        if (left instanceof List<?> a && right instanceof List<?> b) {
            s.work(a.size() + (long) b.size());
            List<Object> both = new ArrayList<>(a);
            both.addAll(b);
            return both;
        }
        return arithmetic(s, "+", left, right);
    }

    private static long arithmetic(Rendering s, String operator, Object left, Object right) {
        if (!isInteger(left) || !isInteger(right)) {
            if (left instanceof String && (operator.equals("%") || operator.equals("*"))) {
                throw s.refuse("the operator %s of a text".formatted(operator));
            }
            throw s.error(
                    "unsupported operand type(s) for %s: '%s' and '%s'"
                            .formatted(operator, type(left), type(right)));
        }
        long a = integer(left);
        long b = integer(right);
        try {
            return switch (operator) {
                case "+" -> Math.addExact(a, b);
                case "-" -> Math.subtractExact(a, b);
                case "*" -> Math.multiplyExact(a, b);
                case "%" -> Math.floorMod(a, b);
                default -> Math.floorDiv(a, b);
            };
        } catch (ArithmeticException e) {
            throw s.error(e.getMessage());
        }
    }

    private static boolean ordered(Rendering s, String operator, Object left, Object right) {
        if (!isInteger(left) || !isInteger(right)) {
            if (type(left).equals(type(right))) {
                throw s.refuse("the order of values of the type " + type(left));
            }
            throw s.error(
                    "'%s' not supported between instances of '%s' and '%s'"
                            .formatted(operator, type(left), type(right)));
        }
        int order = Long.compare(integer(left), integer(right));
        return switch (operator) {
            case "<" -> order < 0;
            case ">" -> order > 0;
            case "<=" -> order <= 0;
            default -> order >= 0;
        };
    }

    private static boolean equal(Rendering s, Object left, Object right) {
        s.work(1);
        if (isInteger(left) && isInteger(right)) {
            return integer(left) == integer(right);
        }
        boolean container =
                (left instanceof List<?> && right instanceof List<?>)
                        || (left instanceof Map<?, ?> && right instanceof Map<?, ?>);
        if (container) {
            throw s.refuse("the comparison of lists or maps");
        }
        return left.equals(right);
    }

    private static boolean contains(Rendering s, Object item, Object in) {
        if (in instanceof String text) {
            if (item instanceof String part) {
                s.work(text.length() / Rendering.CHARACTERS);
                return text.contains(part);
            }
            throw s.error(
                    "'in <string>' requires string as left operand, not %s".formatted(type(item)));
        }
        if (in instanceof Map<?, ?> map) {
            return has(s, map, item);
        }
        if (in instanceof List<?> list) {
            return list.stream().anyMatch(other -> equal(s, other, item));
        }
        if (in == Special.UNDEFINED) {
            return false;
        }
        throw s.error("argument of type '%s' is not iterable".formatted(type(in)));
    }

    static boolean py_test(Rendering s, Object value, Object test) {
        s.work(1);
        return switch ((String) test) {
            case "defined" -> value != Special.UNDEFINED;
            case "undefined" -> value == Special.UNDEFINED;
            case "none" -> value == Special.NONE;
            case "string" -> value instanceof String;
            case "mapping" -> value instanceof Map<?, ?>;
            case "iterable", "sequence" ->
                    value instanceof String
                            || value instanceof List<?>
                            || value instanceof Map<?, ?>
                            || value == Special.UNDEFINED;
            case "true" -> value.equals(true);
            case "false" -> value.equals(false);
            case "boolean" -> value instanceof Boolean;
            case "integer" -> isInteger(value) && !(value instanceof Boolean);
            default -> throw s.refuse("the test '%s'".formatted(test));
        };
    }

    static Object py_filter(Rendering s, Object value, Object filter, Object arguments) {
        List<?> with = (List<?>) arguments;
        String name = (String) filter;
        String call = name + "/" + with.size();
        s.work(1);
        return switch (call) {
            case "trim/0" -> JinjaText.strip(string(s, value), JinjaText::isSpace, true, true);
            case "lower/0", "upper/0", "capitalize/0" -> cased(s, name, string(s, value));
            case "string/0" -> string(s, value);
            case "length/0", "count/0" -> length(s, value);
            case "first/0" -> end(s, value, 0);
            case "last/0" -> end(s, value, -1);
            case "default/1", "d/1" -> value == Special.UNDEFINED ? with.get(0) : value;
            case "default/2", "d/2", "default[boolean]/2", "d[boolean]/2" ->
                    value == Special.UNDEFINED || (py_true(s, with.get(1)) && !py_true(s, value))
                            ? with.get(0)
                            : value;
            case "join/0" -> join(s, "", value);
            case "join/1" -> join(s, string(s, with.get(0)), value);
            case "list/0" -> py_items(s, value);
            case "selectattr/3", "rejectattr/3" -> selected(s, name, value, with);
            case "items/0" -> {
                if (value instanceof Map<?, ?> map) {
                    yield pairs(s, map);
                }
                throw s.refuse("the filter 'items' of a %s".formatted(type(value)));
            }
            case "replace/2" -> replace(s, string(s, value), with);
            case "tojson/0" -> json(s, value, -1, 0);
            case "tojson[ensure_ascii]/1" -> {
                if (!with.get(0).equals(false)) {
                    throw s.refuse("tojson with ensure_ascii");
                }
                yield json(s, value, -1, 0);
            }
            case "tojson[indent]/1" -> {
                if (!(with.get(0) instanceof Long indent) || indent < 0 || indent > 16) {
                    throw s.refuse("tojson with another indent than 0 to 16");
                }
                yield json(s, value, indent.intValue(), 0);
            }
            default -> throw s.refuse("the filter '%s'".formatted(filter));
        };
    }

    static Object py_method(Rendering s, Object of, Object method, Object arguments) {
        List<?> with = (List<?>) arguments;
        s.work(1);
        if (of == Special.UNDEFINED || of == Special.NONE) {
            throw s.error("'%s' has no method '%s'".formatted(type(of), method));
        }
        String call = method + "/" + with.size();
        if (of instanceof Map<?, ?> map && (call.equals("get/1") || call.equals("get/2"))) {
            Object otherwise = with.size() == 2 ? with.get(1) : Special.NONE;
            return has(s, map, with.get(0)) ? map.get(with.get(0)) : otherwise;
        }
        if (of instanceof Map<?, ?> map && call.equals("items/0")) {
            return pairs(s, map);
        }
        boolean texts = with.stream().allMatch(String.class::isInstance);
        if (!(of instanceof String text) || !texts) {
            throw s.refuse("the method '%s' of a %s".formatted(method, type(of)));
        }
        s.work(text.length() / Rendering.CHARACTERS);
        String first = with.isEmpty() ? "" : (String) with.get(0);
        return switch (call) {
            case "strip/0", "lstrip/0", "rstrip/0", "strip/1", "lstrip/1", "rstrip/1" -> {
                IntPredicate blank =
                        with.isEmpty() ? JinjaText::isSpace : c -> first.indexOf(c) >= 0;
                boolean start = !method.equals("rstrip");
                boolean end = !method.equals("lstrip");
                yield JinjaText.strip(text, blank, start, end);
            }
            case "startswith/1" -> text.startsWith(first);
            case "endswith/1" -> text.endsWith(first);
            case "lower/0", "upper/0", "capitalize/0" -> cased(s, (String) method, text);
            case "replace/2" -> replace(s, text, with);
            case "split/1" -> {
                if (first.isEmpty()) {
                    throw s.error("empty separator");
                }
                s.work(times(text, first));
                yield new ArrayList<>(Arrays.asList(text.split(Pattern.quote(first), -1)));
            }
            default -> throw s.refuse("the method '%s'".formatted(method));
        };
    }

    private static Object selected(Rendering s, String how, Object value, List<?> with) {
        boolean known =
                Set.of("equalto", "eq", "==").contains(with.get(1))
                        && with.get(0) instanceof String name
                        && name.matches("[a-z_]+");
        if (!known) {
            throw s.refuse("the filter '%s' with such a test".formatted(how));
        }
        List<Object> selected = new ArrayList<>();
        for (Object item : (List<?>) py_items(s, value)) {
            boolean same = equal(s, py_attribute(s, item, with.get(0)), with.get(2));
            if (same == how.equals("selectattr")) {
                selected.add(item);
            }
        }
        return selected;
    }

    private static Object cased(Rendering s, String how, String text) {
        if (text.chars().anyMatch(c -> c > 127)) {
            throw s.refuse("'%s' of letters beyond ASCII".formatted(how));
        }
        int upper = how.equals("upper") ? text.length() : how.equals("lower") ? 0 : 1;
        int split = Math.min(upper, text.length());
        return text.substring(0, split).toUpperCase(Locale.ROOT)
                + text.substring(split).toLowerCase(Locale.ROOT);
    }

    private static Object replace(Rendering s, String text, List<?> with) {
        String old = string(s, with.get(0));
        String by = string(s, with.get(1));
        if (old.isEmpty()) {
            throw s.refuse("the replacement of an empty text");
        }
        s.characters(text.length() + times(text, old) * ((long) by.length() - old.length()));
        return text.replace(old, by);
    }

    private static long times(String text, String part) {
        long times = 0;
        for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
            times++;
        }
        return times;
    }

    private static String join(Rendering s, String separator, Object items) {
        StringBuilder text = new StringBuilder();
        String between = "";
        for (Object item : (List<?>) py_items(s, items)) {
            String part = string(s, item);
            s.characters((long) text.length() + between.length() + part.length());
            text.append(between).append(part);
            between = separator;
        }
        return text.toString();
    }

    private static Object end(Rendering s, Object value, long index) {
        return value instanceof String || value instanceof List<?>
                ? py_item(s, value, index)
                : end(s, py_items(s, value), index);
    }

    private static long length(Rendering s, Object value) {
        if (value instanceof String text) {
            return text.codePointCount(0, text.length());
        }
        if (value instanceof List<?> list) {
            return list.size();
        }
        if (value instanceof Map<?, ?> map) {
            return map.size();
        }
        if (value == Special.UNDEFINED) {
            return 0;
        }
        throw s.error("object of type '%s' has no len()".formatted(type(value)));
    }

    /** Returns {@code str(value)}. */
    private static String string(Rendering s, Object value) {
        if (value instanceof String text) {
            return text;
        }
        if (value instanceof Boolean truth) {
            return truth ? "True" : "False";
        }
        if (value instanceof Long || value instanceof Integer) {
            return value.toString();
        }
        if (value == Special.NONE || value == Special.UNDEFINED) {
            return value == Special.NONE ? "None" : "";
        }
        throw s.refuse("the printing of a %s".formatted(type(value)));
    }

    /**
     * Writes as {@code json.dumps(value, ensure_ascii=False)} does, and with an indent if asked.
     */
    private static String json(Rendering s, Object value, int indent, int depth) {
        s.work(1);
        if (depth > 32) {
            throw s.refuse("tojson deeper than 32 levels");
        }
        if (value instanceof String text) {
            return s.text(JinjaText.json(text));
        }
        if (value instanceof Boolean || value instanceof Long || value instanceof Integer) {
            return value.toString();
        }
        if (value == Special.NONE) {
            return "null";
        }
        boolean map = value instanceof Map<?, ?>;
        List<String> parts = new ArrayList<>();
        if (value instanceof Map<?, ?> entries) {
            entries.forEach(
                    (key, item) ->
                            parts.add(
                                    JinjaText.json((String) key)
                                            + ": "
                                            + json(s, item, indent, depth + 1)));
        } else if (value instanceof List<?> list) {
            list.forEach(item -> parts.add(json(s, item, indent, depth + 1)));
        } else {
            throw s.refuse("tojson of a %s".formatted(type(value)));
        }
        String open = map ? "{" : "[";
        String close = map ? "}" : "]";
        if (parts.isEmpty() || indent < 0) {
            return s.text(open + String.join(", ", parts) + close);
        }
        String line = "\n" + " ".repeat(indent * (depth + 1));
        String last = "\n" + " ".repeat(indent * depth);
        return s.text(open + line + String.join("," + line, parts) + last + close);
    }

    private static boolean isInteger(Object value) {
        return value instanceof Long || value instanceof Integer || value instanceof Boolean;
    }

    private static long integer(Object value) {
        return value instanceof Boolean truth ? (truth ? 1 : 0) : ((Number) value).longValue();
    }

    /** Python's name of a value's type. */
    private static String type(Object value) {
        if (value instanceof String) {
            return "str";
        }
        if (value instanceof Boolean) {
            return "bool";
        }
        if (value instanceof List<?>) {
            return "list";
        }
        if (value instanceof Map<?, ?>) {
            return "dict";
        }
        if (value == Special.NONE || value == Special.UNDEFINED) {
            return value == Special.NONE ? "NoneType" : "Undefined";
        }
        return value instanceof Long || value instanceof Integer ? "int" : "value";
    }
}
