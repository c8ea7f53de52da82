package ai.llm360.zoo.embedded;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * An endless supply of very short stories, written for this project: what the embedded model is
 * trained on. Who they are about, where and with what is drawn by a seed; the rest is fixed, so a
 * model has to remember over the whole story whom and what it is about.
 */
final class Stories implements Supplier<String> {

    private static final String[] ANIMALS = {
        "fox", "bear", "mouse", "owl", "frog", "hare", "duck", "cat", "goat", "mole"
    };
    private static final String[] TRAITS = {"little", "old", "brave", "shy", "clever", "lazy"};
    private static final String[] PLACES = {"forest", "valley", "garden", "village", "meadow"};
    private static final String[] HOMES = {"by the river", "under a tree", "on a hill"};
    private static final String[] COLOURS = {"red", "blue", "golden", "green", "silver"};
    private static final String[] THINGS = {
        "lamp", "bell", "boat", "kite", "key", "apple", "drum", "shell"
    };
    private static final String[] HIDDEN = {"in the grass", "behind a stone", "near the well"};
    private static final String[] FEELINGS = {"happy", "proud", "tired", "glad"};

    private final Random random;

    Stories(long seed) {
        random = new Random(seed);
    }

    @Override
    public String get() {
        String animal = draw(ANIMALS);
        String friend = draw(ANIMALS);
        while (friend.equals(animal)) {
            friend = draw(ANIMALS);
        }
        String colour = draw(COLOURS);
        String thing = draw(THINGS);
        String feeling = draw(FEELINGS);
        return "Once upon a time, a %s %s lived %s in the %s. "
                        .formatted(draw(TRAITS), animal, draw(HOMES), draw(PLACES))
                + "One day the %s found a %s %s %s. ".formatted(animal, colour, thing, draw(HIDDEN))
                + ending(animal, friend, colour + " " + thing)
                + "That night the %s was %s.".formatted(animal, feeling);
    }

    private String ending(String animal, String friend, String thing) {
        return switch (random.nextInt(3)) {
            case 0 ->
                    "The %s showed the %s to a %s. They played with it until the sun went down. "
                            .formatted(animal, thing, friend);
            case 1 ->
                    "A %s came and asked: Is that my %s? The %s gave it back. "
                            .formatted(friend, thing, animal);
            default ->
                    "The %s gave the %s to a %s, because friends share. "
                            .formatted(animal, thing, friend);
        };
    }

    private String draw(String[] words) {
        return words[random.nextInt(words.length)];
    }

    /** Returns every word that the stories may use, in alphabetical order. */
    static List<String> words() {
        TreeSet<String> words = new TreeSet<>();
        Stories stories = new Stories(0);
        for (int i = 0; i < 1000; i++) {
            words.addAll(Arrays.asList(stories.get().replaceAll("[.,:?]", "").split(" ")));
        }
        return List.copyOf(words);
    }
}
