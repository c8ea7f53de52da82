package ai.llm360.serve;

import ai.llm360.serve.JinjaLexer.Kind;
import ai.llm360.serve.JinjaLexer.Piece;
import ai.llm360.serve.JinjaLexer.Token;
import ai.llm360.serve.JinjaLexer.Word;
import ai.llm360.serve.JinjaValues.Special;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Translates a template into one that Jinjava renders as Jinja renders the original.
 *
 * <p>Jinjava differs from Jinja in the truth of texts, in {@code +}, in scopes, escapes, undefined
 * names and more, and it reaches into Java objects. So it is given a form in which nothing of that
 * occurs: {@code if}, {@code for} and {@code set}, numbered variables, and calls of {@link
 * JinjaValues}' functions, which compute as Python does. Texts and constants are values of numbered
 * variables; not one word of the original is in the translation. A construct that isn't translated
 * becomes a refusal by its name, where it is reached: most templates have parts for tools that an
 * ordinary conversation never comes to.
 *
 * <p>A variable is local to the loop round that sets it, and begins each round with the value of
 * outside, as Jinja has it.
 *
 * <p>It passes 400 lines since a grammar is read as a whole.
 */
final class JinjaTranslator {

    /** Deeper than any template of a published model; Jinjava's parser recurses. */
    private static final int MAX_DEPTH = 100;

    private static final int MAX_LENGTH = 4 << 20;

    private static final Set<String> LOOP =
            Set.of("index", "index0", "first", "last", "length", "revindex", "revindex0");

    /** Names that Jinja knows in every template. */
    private static final Set<String> GLOBALS =
            Set.of(
                    "range",
                    "dict",
                    "lipsum",
                    "cycler",
                    "joiner",
                    "namespace",
                    "raise_exception",
                    "strftime_now",
                    "loop",
                    "self",
                    "caller");

    private static final Map<String, Object> CONSTANTS =
            Map.of(
                    "true", true,
                    "True", true,
                    "false", false,
                    "False", false,
                    "none", Special.NONE,
                    "None", Special.NONE);

    private static final Set<String> KEYWORDS =
            Set.of("and", "or", "not", "in", "is", "if", "else", "elif");

    /** Blocks of Jinja that have an end, and are passed over up to it. */
    private static final Set<String> REFUSED_WITH_END =
            Set.of("macro", "call", "filter", "with", "autoescape", "block", "trans");

    /**
     * An expression in Jinjava's language.
     *
     * @param value gives its value
     * @param truth gives its truth
     * @param depth how deep calls are nested in it
     */
    private record Code(String value, String truth, int depth) {}

    /** The variables of the template, or of one loop round. */
    private static final class Frame {
        private final Map<String, String> variables = new HashMap<>();
        private final StringBuilder begin = new StringBuilder();
        private final StringBuilder body = new StringBuilder();
        private final boolean loop;
        private int conditions;

        Frame(boolean loop) {
            this.loop = loop;
        }
    }

    private final List<Piece> pieces;
    private final Deque<Frame> frames = new ArrayDeque<>();
    private final Map<Object, String> constants = new LinkedHashMap<>();
    private final Map<String, String> free = new LinkedHashMap<>();
    private int variables;
    private int piece;
    private List<Token> tokens = List.of();
    private int token;
    private int nesting;

    /**
     * A translated template.
     *
     * @param text the template for Jinjava
     * @param constants the values of its numbered constants
     * @param free the names that the original takes from outside, each with its variable
     */
    record Translation(String text, Map<String, Object> constants, Map<String, String> free) {}

    private JinjaTranslator(List<Piece> pieces) {
        this.pieces = pieces;
    }

    /**
     * Translates a template.
     *
     * @throws IllegalArgumentException if it can't be parsed, or nests too deep; the message has
     *     the line
     */
    static Translation translate(String template) {
        List<Piece> pieces = JinjaLexer.cut(template);
        JinjaTranslator translator = new JinjaTranslator(pieces);
        try {
            return translator.run();
        } catch (IllegalArgumentException e) {
            int at = Math.min(translator.piece, pieces.size() - 1);
            throw new IllegalArgumentException(
                    "line %d: %s".formatted(at < 0 ? 1 : pieces.get(at).line(), e.getMessage()), e);
        }
    }

    private Translation run() {
        Frame all = new Frame(false);
        frames.push(all);
        String end = body(Set.of());
        if (end != null) {
            throw new IllegalArgumentException("{%% %s %%} without its beginning".formatted(end));
        }
        Map<String, Object> values = new LinkedHashMap<>();
        constants.forEach((value, name) -> values.put(name, value));
        return new Translation(all.begin.append(all.body).toString(), values, free);
    }

    /** Translates up to one of the given blocks, and returns its name; null at the end of all. */
    private String body(Set<String> ends) {
        deeper();
        while (piece < pieces.size()) {
            Piece next = pieces.get(piece);
            if (next.kind() == Kind.TEXT) {
                emit("{{ " + constant(next.text()) + " }}");
                piece++;
                continue;
            }
            tokens = next.tokens();
            token = 0;
            if (next.kind() == Kind.PRINT) {
                Code code = tuple();
                end();
                emit("{{ py_text(s," + code.value() + ") }}");
                piece++;
                continue;
            }
            String name = take(Word.NAME);
            if (ends.contains(name)) {
                nesting--;
                return name;
            }
            statement(name);
        }
        nesting--;
        if (!ends.isEmpty()) {
            throw new IllegalArgumentException("no {%% %s %%}".formatted(String.join(", ", ends)));
        }
        return null;
    }

    /** Translates a block, whose name was read, with all that belongs to it. */
    private void statement(String name) {
        switch (name) {
            case "if" -> condition();
            case "for" -> loop();
            case "set" -> set();
            case "generation" -> {
                end();
                piece++;
                Frame frame = inFrame(new Frame(false), "endgeneration");
                emit(frame.begin.toString() + frame.body);
            }
            case "break", "continue" -> {
                end();
                Frame frame = frames.element();
                piece++;
                boolean last =
                        piece < pieces.size()
                                && pieces.get(piece).kind() == Kind.BLOCK
                                && pieces.get(piece).tokens().get(0).text().matches("e.*");
                // Jinjava leaves the loop at the end of the condition, not at once.
                boolean plain = frame.loop && frame.conditions == 1 && last;
                emit(
                        plain
                                ? "{% " + name + " %}"
                                : "{{ " + refusal("{% " + name + " %} here") + " }}");
            }
            default -> {
                boolean known =
                        REFUSED_WITH_END.contains(name)
                                || Set.of("include", "import", "extends", "from", "do", "print")
                                        .contains(name);
                if (!known) {
                    throw new IllegalArgumentException("{%% %s %%}".formatted(name));
                }
                String macro = name.equals("macro") ? take(Word.NAME) : null;
                piece++;
                if (REFUSED_WITH_END.contains(name)) {
                    inFrame(new Frame(false), "end" + name);
                }
                if (macro == null) {
                    emit("{{ " + refusal("{% " + name + " %}") + " }}");
                } else { // harmless until it is called
                    frames.element().variables.put(macro, refusal("the macro '" + macro + "'"));
                }
            }
        }
    }

    /** Translates up to the end of a block in a frame of its own, which isn't emitted. */
    private Frame inFrame(Frame frame, String endName) {
        frames.push(frame);
        body(Set.of(endName));
        frames.pop();
        token = tokens.size() - 1;
        piece++;
        return frame;
    }

    private void condition() {
        Frame frame = frames.element();
        frame.conditions++;
        String word = "if";
        while (!word.equals("endif")) {
            if (word.equals("else")) {
                emit("{% else %}");
            } else {
                emit("{% " + word + " " + tuple().truth() + " %}");
            }
            end();
            piece++;
            word = body(word.equals("else") ? Set.of("endif") : Set.of("elif", "else", "endif"));
        }
        end();
        emit("{% endif %}");
        frame.conditions--;
        piece++;
    }

    private void loop() {
        List<String> targets = targets("in");
        String items = "py_items(s," + or().value() + ")";
        Frame frame = new Frame(true);
        String item = newVariable();
        if (targets.size() == 1) {
            frame.variables.put(targets.get(0), item);
        } else {
            unpack(frame, item, targets);
        }
        if (skip("if")) {
            items = filtered(frame, item, items);
        }
        String refused = peek("recursive") ? "{% for … recursive %}" : null;
        token = refused == null ? token : tokens.size() - 1;
        end();
        piece++;
        frames.push(frame);
        String found = body(Set.of("endfor", "else"));
        frames.pop();
        if (found.equals("else")) {
            refused = "{% for %} with {% else %}";
            piece++;
            inFrame(new Frame(false), "endfor");
        } else {
            end();
            piece++;
        }
        if (refused != null) {
            emit("{{ " + refusal(refused) + " }}");
            return;
        }
        emit("{% for " + item + " in " + items + " %}");
        emit(frame.begin.toString() + frame.body + "{% endfor %}");
    }

    /** Collects what a loop's condition lets pass, in a loop of its own, and returns its list. */
    private String filtered(Frame of, String item, String items) {
        Frame frame = new Frame(false);
        frame.variables.putAll(of.variables);
        frames.push(frame);
        Code test = expression();
        frames.pop();
        String passed = newVariable();
        String name = constant("passed");
        String list = "py_attribute(s,%s,%s)".formatted(passed, name);
        emit("{%% set %s = py_put(s,py_namespace(s),%s,py_list(s)) %%}".formatted(passed, name));
        emit("{%% for %s in %s %%}%s{%% if %s %%}".formatted(item, items, of.begin, test.truth()));
        emit("{{ py_assign(s,%s,%s,py_add(s,%s,%s)) }}".formatted(passed, name, list, item));
        emit("{% endif %}{% endfor %}");
        return list;
    }

    private void unpack(Frame frame, String item, List<String> targets) {
        for (int i = 0; i < targets.size(); i++) {
            String variable = newVariable();
            frame.variables.put(targets.get(i), variable);
            String part = "{%% set %s = py_part(s,%s,%s,%s) %%}";
            String size = constant((long) targets.size());
            frame.begin.append(part.formatted(variable, item, constant((long) i), size));
        }
    }

    private List<String> targets(String until) {
        List<String> targets = new ArrayList<>();
        boolean bracket = skip("(");
        do {
            String name = take(Word.NAME);
            if (GLOBALS.contains(name) || KEYWORDS.contains(name) || CONSTANTS.containsKey(name)) {
                throw new IllegalArgumentException("'%s' as a variable".formatted(name));
            }
            targets.add(name);
        } while (skip(",") && tokens.get(token).word() == Word.NAME);
        if (bracket) {
            expect(")");
        }
        if (until != null) {
            expect(until);
        }
        return targets;
    }

    private void set() {
        List<String> targets = targets(null);
        String attribute = skip(".") ? take(Word.NAME) : null;
        if (!skip("=")) {
            token = tokens.size() - 1;
            piece++;
            inFrame(new Frame(false), "endset");
            emit("{{ " + refusal("{% set %} with {% endset %}") + " }}");
            return;
        }
        Code value = tuple();
        end();
        piece++;
        if (targets.size() > 1) {
            emit("{{ " + refusal("{% set %} of several names") + " }}");
        } else if (attribute != null) {
            String namespace = name(targets.get(0)).value();
            String put = "py_assign(s,%s,%s,%s)";
            emit("{{ " + put.formatted(namespace, constant(attribute), value.value()) + " }}");
        } else {
            emit("{% set " + assigned(targets.get(0)) + " = " + value.value() + " %}");
        }
    }

    /** Returns the variable of this frame for a name, which begins with the value of outside. */
    private String assigned(String name) {
        Frame frame = frames.element();
        String variable = frame.variables.get(name);
        if (variable == null || variable.startsWith("py_")) {
            String outside = name(name).value();
            variable = newVariable();
            frame.variables.put(name, variable);
            if (!outside.startsWith("py_")) { // a macro's name
                frame.begin.append("{% set " + variable + " = " + outside + " %}");
            }
        }
        return variable;
    }

    // Expressions, by Jinja's grammar and in its order of precedence.

    private Code tuple() {
        Code first = expression();
        if (!peek(",")) {
            return first;
        }
        while (skip(",")) {
            if (tokens.get(token).word() != Word.END) {
                expression();
            }
        }
        return refused("a tuple without brackets");
    }

    private Code expression() {
        deeper();
        Code value = or();
        while (skip("if")) {
            Code test = or();
            Code other = skip("else") ? expression() : constantCode(Special.UNDEFINED);
            value =
                    code(
                            choice(test.truth(), value.value(), other.value()),
                            choice(test.truth(), value.truth(), other.truth()),
                            value,
                            test,
                            other);
        }
        nesting--;
        return value;
    }

    /** Without brackets, a name before the colon would be a namespace of what follows. */
    private static String choice(String test, String then, String otherwise) {
        return "(" + test + " ? (" + then + ") : (" + otherwise + "))";
    }

    private Code or() {
        Code left = and();
        while (skip("or")) {
            Code right = and();
            left =
                    code(
                            choice(left.truth(), left.value(), right.value()),
                            "(" + left.truth() + " || " + right.truth() + ")",
                            left,
                            right);
        }
        return left;
    }

    private Code and() {
        Code left = not();
        while (skip("and")) {
            Code right = not();
            left =
                    code(
                            choice(left.truth(), right.value(), left.value()),
                            "(" + left.truth() + " && " + right.truth() + ")",
                            left,
                            right);
        }
        return left;
    }

    private Code not() {
        if (skip("not")) {
            deeper();
            Code negated = not();
            nesting--;
            return bool("(!" + negated.truth() + ")", negated);
        }
        return comparison();
    }

    private Code comparison() {
        Code left = sum();
        String operator = comparator();
        if (operator == null) {
            return left;
        }
        Code right = sum();
        Code result = bool(operation(operator, left, right), left, right);
        return comparator() == null ? result : refused("a chain of comparisons", () -> sum());
    }

    /** Reads a comparison's operator, if there is one. */
    private String comparator() {
        for (String operator : List.of("==", "!=", "<=", ">=", "<", ">", "in")) {
            if (skip(operator)) {
                return operator;
            }
        }
        if (peek("not") && tokens.get(token + 1).text().equals("in")) {
            token += 2;
            return "not in";
        }
        return null;
    }

    private Code sum() {
        Code left = joined();
        while (peek("+") || peek("-")) {
            String operator = next().text();
            left = binary(operator, left, joined());
        }
        return left;
    }

    private Code joined() {
        Code left = product();
        while (skip("~")) {
            left = binary("~", left, product());
        }
        return left;
    }

    private Code product() {
        Code left = unary(true);
        while (peek("*") || peek("/") || peek("//") || peek("%") || peek("**")) {
            String operator = next().text();
            left = binary(operator, left, unary(true));
        }
        return left;
    }

    private Code unary(boolean filtered) {
        Code value;
        if (peek("-") || peek("+")) {
            String operator = next().text();
            deeper();
            value = binary(operator, constantCode(0L), unary(false));
            nesting--;
        } else {
            value = postfix(primary());
        }
        return filtered ? filters(value) : value;
    }

    private Code primary() {
        Token first = next();
        switch (first.word()) {
            case STRING -> {
                StringBuilder text = new StringBuilder(first.text());
                while (tokens.get(token).word() == Word.STRING) {
                    text.append(next().text());
                }
                return constantCode(text.toString());
            }
            case INTEGER -> {
                if (first.text().length() > 15) {
                    throw new IllegalArgumentException("the number " + first.text());
                }
                return constantCode(Long.parseLong(first.text()));
            }
            case NAME -> {
                return named(first.text());
            }
            default -> {
                return bracket(first.text());
            }
        }
    }

    private Code named(String name) {
        if (CONSTANTS.containsKey(name)) {
            return constantCode(CONSTANTS.get(name));
        }
        if (KEYWORDS.contains(name)) {
            throw new IllegalArgumentException("'%s' where a value should be".formatted(name));
        }
        if (name.equals("loop") && peek(".")) {
            next();
            String attribute = take(Word.NAME);
            if (!LOOP.contains(attribute) || frames.stream().noneMatch(frame -> frame.loop)) {
                return refused("loop." + attribute, this::arguments);
            }
            String value = "loop." + attribute;
            return new Code(value, "py_true(s," + value + ")", 1);
        }
        if (peek("(")) {
            return function(name);
        }
        return name(name);
    }

    private Code name(String name) {
        for (Frame frame : frames) {
            String variable = frame.variables.get(name);
            if (variable != null) {
                return value(variable);
            }
        }
        if (name.equals("loop") || name.equals("self") || name.equals("caller")) {
            return refused("the name '" + name + "'");
        }
        return GLOBALS.contains(name)
                ? constantCode(Special.FUNCTION)
                : value(free.computeIfAbsent(name, n -> newVariable()));
    }

    private Code function(String name) {
        Map<String, Code> keywords = new LinkedHashMap<>();
        List<Code> arguments = arguments(keywords);
        if (name.equals("namespace") && arguments.isEmpty()) {
            Code made = value("py_namespace(s)");
            for (Map.Entry<String, Code> entry : keywords.entrySet()) {
                String key = constant(entry.getKey());
                String put = "py_put(s,%s,%s,%s)";
                made =
                        value(
                                put.formatted(made.value(), key, entry.getValue().value()),
                                made,
                                entry.getValue());
            }
            return made;
        }
        boolean plain = name.equals("raise_exception") || name.equals("strftime_now");
        if (!plain || arguments.size() != 1 || !keywords.isEmpty()) {
            return refused("a call of '" + name + "'");
        }
        return call("py_" + name, arguments.get(0));
    }

    private Code bracket(String open) {
        deeper();
        Code made;
        switch (open) {
            case "(" -> {
                made = peek(")") ? value("py_list(s)") : expression();
                if (peek(",")) {
                    made = list(value("py_add(s,py_list(s)," + made.value() + ")", made), ")");
                }
                expect(")");
            }
            case "[" -> {
                made = value("py_list(s)");
                if (!peek("]")) {
                    made = value("py_add(s,py_list(s),%s)".formatted(expression().value()));
                    made = list(made, "]");
                }
                expect("]");
            }
            case "{" -> {
                made = value("py_dict(s)");
                while (!peek("}")) {
                    Code key = expression();
                    expect(":");
                    Code item = expression();
                    String put = "py_put(s,%s,%s,%s)";
                    made =
                            value(
                                    put.formatted(made.value(), key.value(), item.value()),
                                    made,
                                    key,
                                    item);
                    if (!skip(",")) {
                        break;
                    }
                }
                expect("}");
            }
            default ->
                    throw new IllegalArgumentException(
                            "'%s' where a value should be".formatted(open));
        }
        nesting--;
        return made;
    }

    private Code list(Code first, String close) {
        Code made = first;
        while (skip(",") && !peek(close)) {
            Code item = expression();
            made = call("py_add", made, item);
        }
        return made;
    }

    private Code postfix(Code of) {
        Code value = of;
        while (true) {
            if (skip(".")) {
                String attribute = take(Word.NAME);
                value = peek("(") ? method(value, attribute) : attribute(value, attribute);
            } else if (skip("[")) {
                value = subscript(value);
            } else if (peek("(")) {
                value = refused("a call of a value", this::arguments);
            } else {
                return value;
            }
        }
    }

    private Code attribute(Code of, String name) {
        return value("py_attribute(s,%s,%s)".formatted(of.value(), constant(name)), of);
    }

    private Code method(Code of, String name) {
        return applied("py_method", of, name);
    }

    /** A method or filter with its arguments in a list; named arguments are part of its name. */
    private Code applied(String function, Code of, String name) {
        Map<String, Code> keywords = new LinkedHashMap<>();
        List<Code> all = new ArrayList<>(peek("(") ? arguments(keywords) : List.of());
        all.addAll(keywords.values());
        String full = keywords.isEmpty() ? name : name + keywords.keySet();
        Code list = value("py_list(s)");
        for (Code argument : all) {
            list = call("py_add", list, argument);
        }
        String call = function + "(s,%s,%s,%s)";
        return value(call.formatted(of.value(), constant(full), list.value()), of, list);
    }

    private Code subscript(Code of) {
        Code[] parts = new Code[3];
        int part = 0;
        boolean slice = false;
        while (!peek("]")) {
            if (skip(":")) {
                slice = true;
                part++;
                if (part > 2) {
                    throw new IllegalArgumentException("a slice of more than three parts");
                }
            } else if (parts[part] == null) {
                parts[part] = expression();
            } else {
                throw new IllegalArgumentException("'%s' in []".formatted(next().text()));
            }
        }
        expect("]");
        if (!slice) {
            if (parts[0] == null) {
                throw new IllegalArgumentException("nothing in []");
            }
            return call("py_item", of, parts[0]);
        }
        Code none = constantCode(Special.NONE);
        Code[] all = new Code[4];
        all[0] = of;
        for (int i = 0; i < 3; i++) {
            all[i + 1] = parts[i] == null ? none : parts[i];
        }
        return call("py_slice", all);
    }

    private Code filters(Code of) {
        Code value = of;
        while (true) {
            if (skip("|")) {
                value = applied("py_filter", value, take(Word.NAME));
            } else if (skip("is")) {
                boolean negated = skip("not");
                String name = take(Word.NAME);
                Code tested =
                        bool("py_test(s,%s,%s)".formatted(value.value(), constant(name)), value);
                if (argumentFollows()) {
                    tested = refused("the test '" + name + "' of a value", this::argument);
                }
                value = negated ? bool("(!" + tested.truth() + ")", tested) : tested;
            } else if (peek("(")) {
                value = refused("a call of a value", this::arguments);
            } else {
                return value;
            }
        }
    }

    /** Tells whether a test's argument follows, which needs no brackets. */
    private boolean argumentFollows() {
        Token next = tokens.get(token);
        boolean word = next.word() == Word.NAME && !KEYWORDS.contains(next.text());
        boolean open = next.word() == Word.OPERATOR && "([{".contains(next.text());
        return word || open || next.word() == Word.STRING || next.word() == Word.INTEGER;
    }

    private Code argument() {
        return postfix(primary());
    }

    private Code arguments() {
        if (peek("(")) {
            arguments(new LinkedHashMap<>());
        }
        return null;
    }

    private List<Code> arguments(Map<String, Code> keywords) {
        expect("(");
        List<Code> arguments = new ArrayList<>();
        while (!peek(")")) {
            boolean named =
                    tokens.get(token).word() == Word.NAME
                            && tokens.get(token + 1).text().equals("=")
                            && tokens.get(token + 1).word() == Word.OPERATOR;
            if (named) {
                String name = next().text();
                next();
                keywords.put(name, expression());
            } else {
                arguments.add(expression());
            }
            if (!skip(",")) {
                break;
            }
        }
        expect(")");
        return arguments;
    }

    // Code.

    private Code binary(String operator, Code left, Code right) {
        return value(operation(operator, left, right), left, right);
    }

    private String operation(String operator, Code left, Code right) {
        String call = "py_operation(s,%s,%s,%s)";
        return call.formatted(constant(operator), left.value(), right.value());
    }

    private Code call(String function, Code... arguments) {
        StringBuilder text = new StringBuilder(function).append("(s");
        for (Code argument : arguments) {
            text.append(',').append(argument.value());
        }
        return value(text.append(')').toString(), arguments);
    }

    private Code value(String text, Code... parts) {
        return code(text, "py_true(s," + text + ")", parts);
    }

    private Code bool(String text, Code... parts) {
        return code(text, text, parts);
    }

    private Code code(String value, String truth, Code... parts) {
        int depth = 1;
        for (Code part : parts) {
            depth = Math.max(depth, part.depth() + 1);
        }
        if (depth > MAX_DEPTH) {
            throw new IllegalArgumentException("an expression nested too deep, or too long");
        }
        checkLength(value.length());
        return new Code(value, truth, depth);
    }

    private Code constantCode(Object constant) {
        return value(constant(constant));
    }

    private String constant(Object value) {
        return constants.computeIfAbsent(value, v -> "c" + constants.size());
    }

    private String newVariable() {
        return "v" + variables++;
    }

    private Code refused(String construct, Runnable rest) {
        rest.run();
        return refused(construct);
    }

    private Code refused(String construct) {
        String refusal = refusal(construct);
        return new Code(refusal, refusal, 1);
    }

    private String refusal(String construct) {
        return "py_refuse(s," + constant(construct) + ")";
    }

    private void emit(String text) {
        StringBuilder body = frames.element().body;
        checkLength((long) body.length() + text.length());
        body.append(text);
    }

    private static void checkLength(long length) {
        if (length > MAX_LENGTH) {
            throw new IllegalArgumentException("an expression that grows too long");
        }
    }

    private void deeper() {
        if (++nesting > MAX_DEPTH) {
            throw new IllegalArgumentException(
                    "more than %d levels of nesting".formatted(MAX_DEPTH));
        }
    }

    // Words.

    private Token next() {
        Token next = tokens.get(token);
        if (next.word() == Word.END) {
            throw new IllegalArgumentException(
                    "'%s' where a value should be".formatted(next.text()));
        }
        token++;
        return next;
    }

    private boolean peek(String text) {
        Token next = tokens.get(token);
        return (next.word() == Word.OPERATOR || next.word() == Word.NAME)
                && next.text().equals(text);
    }

    private boolean skip(String text) {
        boolean found = peek(text);
        token += found ? 1 : 0;
        return found;
    }

    private void expect(String text) {
        if (!skip(text)) {
            throw new IllegalArgumentException(
                    "'%s' where '%s' should be".formatted(tokens.get(token).text(), text));
        }
    }

    private String take(Word word) {
        Token next = tokens.get(token);
        if (next.word() != word) {
            throw new IllegalArgumentException(
                    "'%s' where a name should be".formatted(next.text()));
        }
        token++;
        return next.text();
    }

    private void end() {
        if (tokens.get(token).word() != Word.END) {
            throw new IllegalArgumentException(
                    "'%s' is unexpected".formatted(tokens.get(token).text()));
        }
    }
}
