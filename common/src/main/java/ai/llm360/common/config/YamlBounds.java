package ai.llm360.common.config;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;

/**
 * Bounds a document before anything is made of it. SnakeYAML Engine's own limit counts aliases, of
 * which thirty suffice to stand for a thousand million values; it recurses into what is nested, and
 * takes a minute for a number of a million digits. Its events come one by one and cost nothing.
 */
final class YamlBounds {

    /** The longest recipe has 200. */
    private static final int MAX_VALUES = 100_000;

    /** No number that a double can tell from its neighbours needs more. */
    private static final int MAX_DIGITS = 400;

    private static final String DEEP =
            "is nested deeper than %d levels".formatted(Values.MAX_DEPTH);

    /** A value that is being read, or has been: how many values it stands for, how deep. */
    private static final class Extent {

        private long values = 1;
        private int depth = 1;

        private void add(Extent inner) {
            values += inner.values;
            depth = Math.max(depth, 1 + inner.depth);
        }
    }

    private final Deque<Extent> open = new ArrayDeque<>();
    private final Map<Anchor, Extent> anchored = new HashMap<>();
    private long values;

    private YamlBounds() {}

    /**
     * Refuses a document that is nested too deep, has or stands for too many values, or holds
     * itself.
     */
    static void check(LoadSettings settings, String text) {
        YamlBounds bounds = new YamlBounds();
        for (Event event : new Parse(settings).parseString(text)) {
            bounds.accept(event);
        }
    }

    private void accept(Event event) {
        if (event instanceof AliasEvent alias) {
            Extent meant = anchored.get(alias.getAlias());
            if (meant != null) { // else the composer says that there is none
                require(!open.contains(meant), "holds an alias of itself");
                add(meant);
            }
        } else if (event instanceof CollectionEndEvent) {
            Extent closed = open.pop();
            if (!open.isEmpty()) {
                open.peek().add(closed);
            }
        } else if (event instanceof NodeEvent node) {
            Extent extent = new Extent();
            node.getAnchor().ifPresent(anchor -> anchored.put(anchor, extent));
            if (event instanceof CollectionStartEvent) {
                open.push(extent);
                require(open.size() <= Values.MAX_DEPTH + 1, DEEP);
                count(1);
            } else if (event instanceof ScalarEvent scalar) {
                requireShort(scalar);
                add(extent);
            }
        }
    }

    private void add(Extent inner) {
        require(open.size() + inner.depth <= Values.MAX_DEPTH + 2, DEEP);
        count(inner.values);
        if (!open.isEmpty()) {
            open.peek().add(inner);
        }
    }

    private void count(long more) {
        values += more;
        require(values <= MAX_VALUES, "stands for more than %d values".formatted(MAX_VALUES));
    }

    private static void requireShort(ScalarEvent scalar) {
        String text = scalar.getValue();
        boolean number = !text.isEmpty() && "+-.0123456789".indexOf(text.charAt(0)) >= 0;
        require(
                !scalar.isPlain() || !number || text.length() <= MAX_DIGITS,
                "holds a number of more than %d digits".formatted(MAX_DIGITS));
    }

    private static void require(boolean holds, String problem) {
        if (!holds) {
            throw new ConfigException("the configuration " + problem);
        }
    }
}
