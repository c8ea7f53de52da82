package ai.llm360.serve;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into texts, prints and blocks, as Jinja's own lexer does under the settings of
 * transformers: {@code trim_blocks} and {@code lstrip_blocks} on, {@code keep_trailing_newline}
 * off.
 */
final class JinjaLexer {

    /** The kinds of pieces. */
    enum Kind {
        TEXT,
        PRINT,
        BLOCK
    }

    /** A text as it is, or the words of {@code {{ … }}} or {@code {% … %}}. */
    record Piece(Kind kind, String text, List<Token> tokens, int line) {}

    /** The kinds of words; each expression ends with an END. */
    enum Word {
        NAME,
        STRING,
        INTEGER,
        OPERATOR,
        END
    }

    /** A word of an expression. */
    record Token(Word word, String text) {}

    private static final Map<Word, Pattern> PATTERNS =
            Map.of(
                    Word.NAME,
                    Pattern.compile("[A-Za-z_][A-Za-z0-9_]*"),
                    Word.INTEGER,
                    Pattern.compile("(?:0|[1-9][0-9]*)(?![.]?[0-9A-Za-z_])"),
                    Word.OPERATOR,
                    Pattern.compile("\\*\\*|//|==|!=|<=|>=|[-+/*%~\\[\\](){}<>=.:|,;]"));

    private final String source;
    private final List<Piece> pieces = new ArrayList<>();
    private int at;
    private boolean lineStarting = true;
    private int counted;
    private int lines = 1;

    private JinjaLexer(String source) {
        this.source = source;
    }

    /**
     * Cuts a template.
     *
     * @throws IllegalArgumentException if it can't be cut; the message has the line
     */
    static List<Piece> cut(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        if (source.endsWith("\n")) {
            source = source.substring(0, source.length() - 1);
        }
        JinjaLexer lexer = new JinjaLexer(source);
        lexer.run();
        return lexer.pieces;
    }

    private void run() {
        while (at < source.length()) {
            int tag = nextTag();
            if (tag < 0) {
                add(source.substring(at));
                return;
            }
            char kind = source.charAt(tag + 1);
            int inside = tag + 2;
            char sign = inside < source.length() ? source.charAt(inside) : ' ';
            String text = source.substring(at, tag);
            if (sign == '-') {
                text = JinjaText.stripEnd(text);
            } else if (sign != '+' && kind != '{') {
                text = withoutIndentation(text);
            }
            add(text);
            at = sign == '-' || sign == '+' ? inside + 1 : inside;
            if (kind == '#') {
                skipComment(tag);
            } else {
                readTag(kind == '{' ? Kind.PRINT : Kind.BLOCK, tag);
            }
            lineStarting = source.charAt(at - 1) == '\n';
        }
    }

    private int nextTag() {
        int tag = source.indexOf('{', at);
        while (tag >= 0) {
            char next = tag + 1 < source.length() ? source.charAt(tag + 1) : ' ';
            if (next == '%' || next == '{' || next == '#') {
                return tag;
            }
            tag = source.indexOf('{', tag + 1);
        }
        return -1;
    }

    /** Takes off the blanks before a block that begins its line. */
    private String withoutIndentation(String text) {
        int line = text.lastIndexOf('\n') + 1;
        boolean begins = line > 0 || lineStarting;
        boolean blank = text.substring(line).chars().allMatch(JinjaText::isSpace);
        return begins && blank ? text.substring(0, line) : text;
    }

    private void add(String text) {
        if (!text.isEmpty()) {
            pieces.add(new Piece(Kind.TEXT, text, List.of(), line(at)));
        }
    }

    private void skipComment(int tag) {
        int end = source.indexOf("#}", at);
        if (end < 0) {
            throw problem("a comment without its end", tag);
        }
        char sign = end > at ? source.charAt(end - 1) : ' ';
        at = end + 2;
        afterTag(sign, true);
    }

    /** Skips what a tag's end takes with it: all blanks after a minus, else a block's line end. */
    private void afterTag(char sign, boolean block) {
        if (sign == '-') {
            while (at < source.length() && JinjaText.isSpace(source.charAt(at))) {
                at++;
            }
        } else if (block && sign != '+' && source.startsWith("\n", at)) {
            at++;
        }
    }

    private void readTag(Kind kind, int tag) {
        String end = kind == Kind.PRINT ? "}}" : "%}";
        List<Token> tokens = new ArrayList<>();
        int open = 0;
        while (true) {
            while (at < source.length() && JinjaText.isSpace(source.charAt(at))) {
                at++;
            }
            if (at >= source.length()) {
                throw problem("a tag without its " + end, tag);
            }
            char sign = source.charAt(at);
            boolean signed = sign == '-' || (sign == '+' && kind == Kind.BLOCK);
            if (open == 0 && source.startsWith(end, signed ? at + 1 : at)) {
                at += signed ? 3 : 2;
                afterTag(signed ? sign : ' ', kind == Kind.BLOCK);
                break;
            }
            Token token = token();
            if (token.word() == Word.OPERATOR) {
                open += "([{".contains(token.text()) ? 1 : ")]}".contains(token.text()) ? -1 : 0;
            }
            if (open < 0) {
                throw problem("a bracket that was never opened", at);
            }
            tokens.add(token);
        }
        tokens.add(new Token(Word.END, end));
        if (kind == Kind.BLOCK && tokens.get(0).text().equals("raw")) {
            throw problem("{% raw %}, which isn't read here", tag);
        }
        pieces.add(new Piece(kind, "", List.copyOf(tokens), line(tag)));
    }

    private Token token() {
        char c = source.charAt(at);
        if (c == '\'' || c == '"') {
            return new Token(Word.STRING, string(c));
        }
        for (Map.Entry<Word, Pattern> kind : PATTERNS.entrySet()) {
            Matcher found = kind.getValue().matcher(source).region(at, source.length());
            if (found.lookingAt()) {
                at = found.end();
                return new Token(kind.getKey(), found.group());
            }
        }
        throw problem("'" + source.substring(at, source.offsetByCodePoints(at, 1)) + "'", at);
    }

    /** Reads a string; escapes other than those that Python and JSON have in common are refused. */
    private String string(char quote) {
        int from = at++;
        StringBuilder text = new StringBuilder();
        while (at < source.length() && source.charAt(at) != quote) {
            char c = source.charAt(at++);
            text.append(c == '\\' && at < source.length() ? escaped(from) : c);
        }
        if (at >= source.length()) {
            throw problem("a string without its end", from);
        }
        at++;
        return text.toString();
    }

    private char escaped(int from) {
        char c = source.charAt(at++);
        return switch (c) {
            case 'n' -> '\n';
            case 't' -> '\t';
            case 'r' -> '\r';
            case '\\', '\'', '"' -> c;
            case 'u' -> {
                String digits = source.substring(at, Math.min(at + 4, source.length()));
                if (!digits.matches("[0-9a-fA-F]{4}")) {
                    throw problem("the escape \\u without its four digits", from);
                }
                at += 4;
                yield (char) Integer.parseInt(digits, 16);
            }
            default -> throw problem("the escape \\" + c, from);
        };
    }

    /** Counts on from the last line that was asked for. */
    private int line(int position) {
        for (; counted < position; counted++) {
            lines += source.charAt(counted) == '\n' ? 1 : 0;
        }
        return lines;
    }

    private IllegalArgumentException problem(String what, int position) {
        return new IllegalArgumentException("line %d: %s".formatted(line(position), what));
    }
}
