package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.zoo.catalogue.CheckpointNames;
import java.nio.file.Files;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Several checkpoints of a series, as a reference names them: {@code amber@0..359:10} is every
 * tenth with its ends, {@code amber@uniform:12} are twelve, spread evenly. The series may be a
 * run's directory or a model in a static tree, too: {@code ./my-run@0..8:2}.
 *
 * @param reference the reference
 * @param model the model's name, a directory, or a model's address
 * @param first the first checkpoint's name; of a uniform sample empty
 * @param last the last one's name
 * @param number the stride, or the size of the sample
 */
public record SeriesPart(
        String reference, String model, Optional<String> first, String last, int number) {

    private static final Pattern PART =
            Pattern.compile(
                    "(.+)@(?:([\\w.-]*\\w)\\.\\.(\\w[\\w.-]*?)(?::(\\d{1,6}))?|uniform:(\\d{1,6}))");

    /**
     * Reads a reference; empty if it names no more than one checkpoint, or is a path that exists.
     */
    public static Optional<SeriesPart> parse(String reference) {
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
                        uniform ? CheckpointNames.LATEST : part.group(3),
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

    /** Selects the checkpoints of a series. */
    Series of(Series series) throws ModelNotFoundException {
        try {
            return first.isEmpty()
                    ? series.sample(number)
                    : series.range(first.get(), last, number);
        } catch (IllegalArgumentException e) {
            throw new ModelNotFoundException(
                    "'%s' selects nothing: %s".formatted(reference, e.getMessage()), e);
        }
    }
}
