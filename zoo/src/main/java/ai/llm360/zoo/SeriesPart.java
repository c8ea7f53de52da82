package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Several checkpoints of a series, as a reference names them: {@code amber@0..359:10} is every
 * tenth with its ends, {@code amber@uniform:12} are twelve, spread evenly. The series may be a
 * run's directory or a model in a static tree, too: {@code ./my-run@0..8:2}.
 *
 * @param reference the reference
 * @param model the model's name, a directory, or a model's address
 * @param first the first checkpoint's name; of a uniform sample empty
 * @param last the last one's name
 * @param number every how manieth, or how many
 */
record SeriesPart(String reference, String model, Optional<String> first, String last, int number) {

    private static final Pattern PART =
            Pattern.compile(
                    "(.+)@(?:([\\w.-]*\\w)\\.\\.(\\w[\\w.-]*?)(?::(\\d{1,6}))?|uniform:(\\d{1,6}))");

    /** Finds a checkpoint by a name that a reference gives. */
    @FunctionalInterface
    interface Finder<T> {
        T find(String name) throws ModelNotFoundException;
    }

    /**
     * Reads a reference; empty if it names no more than one checkpoint, or is a path that exists.
     */
    static Optional<SeriesPart> parse(String reference) {
        Matcher part = PART.matcher(reference);
        if (!part.matches() || RunCheckpoints.path(reference).filter(Files::exists).isPresent()) {
            return Optional.empty();
        }
        boolean uniform = part.group(5) != null;
        String number = uniform ? part.group(5) : part.group(4);
        return Optional.of(
                new SeriesPart(
                        reference,
                        part.group(1),
                        Optional.ofNullable(part.group(2)),
                        uniform ? Reference.Named.LATEST : part.group(3),
                        number == null ? 1 : Integer.parseInt(number)));
    }

    /** Refuses a reference to several where one checkpoint is wanted. */
    static void requireOne(String reference) throws ModelNotFoundException {
        Optional<SeriesPart> part = parse(reference);
        if (part.isPresent()) {
            throw new ModelNotFoundException(
                    "'%s' names several checkpoints: give one, such as %s@%s"
                            .formatted(
                                    reference,
                                    part.get().model(),
                                    part.get().first().orElse(part.get().last())));
        }
    }

    /**
     * Finds a checkpoint in a list: by its name in any spelling, as the nearest to a number of
     * tokens, or, as {@code latest}, the last one.
     */
    static <T> Optional<T> find(
            List<T> all, String asked, Function<T, String> name, Function<T, OptionalLong> tokens) {
        Optional<T> named =
                all.stream().filter(one -> ModelHome.same(name.apply(one), asked)).findFirst();
        if (named.isPresent()) {
            return named;
        }
        if (asked.equals(Reference.Named.LATEST)) {
            return all.isEmpty() ? Optional.empty() : Optional.of(all.get(all.size() - 1));
        }
        OptionalLong count = TokenCount.parse(asked);
        return count.isEmpty() ? Optional.empty() : nearest(all, count.getAsLong(), tokens);
    }

    /** Returns the first of those that are nearest to a number of tokens. */
    static <T> Optional<T> nearest(List<T> all, long count, Function<T, OptionalLong> tokens) {
        return all.stream()
                .filter(one -> tokens.apply(one).isPresent())
                .min(
                        Comparator.comparingLong(
                                one -> Math.abs(tokens.apply(one).getAsLong() - count)));
    }

    /**
     * Picks the checkpoints.
     *
     * @param all the series
     * @param finder finds one of them
     * @throws ModelNotFoundException if that selects nothing
     */
    <T> List<T> of(List<T> all, Finder<T> finder) throws ModelNotFoundException {
        try {
            return first.isEmpty()
                    ? uniform(all, number)
                    : range(all, finder.find(first.get()), finder.find(last), number);
        } catch (IllegalArgumentException e) {
            throw new ModelNotFoundException(
                    "'%s' selects nothing: %s".formatted(reference, e.getMessage()), e);
        }
    }

    /** Returns every so manieth of a list from one element to another. */
    static <T> List<T> range(List<T> all, T first, T last, int every) {
        int from = all.indexOf(first);
        int to = all.indexOf(last);
        if (from < 0 || to < from || every < 1) {
            throw new IllegalArgumentException(
                    "write first..last:every with two known checkpoints, the earlier one first,"
                            + " such as amber@0..359:10");
        }
        List<T> selected = new ArrayList<>();
        for (int i = from; i <= to; i += every) {
            selected.add(all.get(i));
        }
        return selected;
    }

    /** Returns so many elements of a list at even distances, both ends among them. */
    static <T> List<T> uniform(List<T> all, int count) {
        if (count < 2 || count > all.size()) {
            throw new IllegalArgumentException(
                    "a uniform sample has its first and its last checkpoint, and so 2 to %d of them, not %d"
                            .formatted(all.size(), count));
        }
        double distance = (all.size() - 1) / (count - 1.0);
        return IntStream.range(0, count)
                .mapToObj(i -> all.get((int) Math.round(i * distance)))
                .toList();
    }
}
