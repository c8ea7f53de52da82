package ai.llm360.common.tokenizer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * Finds tokens in a text before anything else is done with it: the leftmost first, and of several
 * there the longest. Immutable.
 */
final class AddedTokens {

    static final AddedTokens NONE = new AddedTokens(List.of());

    /**
     * A token that isn't empty, and whether it takes the white space before and behind it along.
     */
    record Token(String content, int id, boolean stripsLeft, boolean stripsRight) {}

    /** Takes the text between tokens. */
    interface Section {
        /** Takes a section, not empty; the first is the one where the text begins. */
        void accept(String section, boolean first);
    }

    private final Map<Character, List<Token>> byFirst = new HashMap<>(); // longest first
    private final boolean strips;

    AddedTokens(List<Token> tokens) {
        for (Token token : tokens) {
            byFirst.computeIfAbsent(token.content().charAt(0), c -> new ArrayList<>()).add(token);
        }
        byFirst.values()
                .forEach(
                        list ->
                                list.sort(
                                        Comparator.comparing((Token t) -> -t.content().length())));
        strips = tokens.stream().anyMatch(t -> t.stripsLeft() || t.stripsRight());
    }

    /** Returns whether some token takes white space along. */
    boolean strip() {
        return strips;
    }

    void split(String text, IntConsumer tokens, Section sections) {
        int done = 0;
        for (int i = 0; i < text.length() && !byFirst.isEmpty(); ) {
            Token token = at(text, i);
            if (token == null) {
                i++;
                continue;
            }
            int start = i;
            i += token.content().length();
            int end = i;
            while (token.stripsLeft()
                    && start > done
                    && UnicodeClasses.isSpace(text.charAt(start - 1))) {
                start--;
            }
            while (token.stripsRight()
                    && end < text.length()
                    && UnicodeClasses.isSpace(text.charAt(end))) {
                end++;
            }
            if (done < start) {
                sections.accept(text.substring(done, start), done == 0);
            }
            tokens.accept(token.id());
            done = end;
        }
        if (done < text.length()) {
            sections.accept(done == 0 ? text : text.substring(done), done == 0);
        }
    }

    private Token at(String text, int place) {
        for (Token token : byFirst.getOrDefault(text.charAt(place), List.of())) {
            if (text.startsWith(token.content(), place)) {
                return token;
            }
        }
        return null;
    }
}
