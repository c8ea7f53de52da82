package ai.llm360.zoo;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.io.NearNames;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The directory that holds checkpoints by name: {@code <home>/<model>/<checkpoint>}. What isn't
 * there may still be in the Hub's cache.
 *
 * <p>It is the system property {@code llm360.home}, else the environment variable {@code
 * LLM360_HOME}, else {@code ~/.llm360}.
 */
final class ModelHome {

    private static final Pattern NUMBERED = Pattern.compile("(.*?)(\\d+)");
    private static final Pattern DIGITS = Pattern.compile("\\d+");
    private static final int SHOWN = 12;

    /** Where a training run, which is a series, keeps states that are no part of it. */
    private static final String RESUME_POINTS = "resume";

    private final Path root;
    private final List<EmbeddedSeries> embedded;
    private final PulledCheckpoints pulled;
    private final Catalogue catalogue;

    ModelHome(
            Path root,
            List<EmbeddedSeries> embedded,
            PulledCheckpoints pulled,
            Catalogue catalogue) {
        this.root = root;
        this.embedded = embedded;
        this.pulled = pulled;
        this.catalogue = catalogue;
    }

    /** Returns the user's, with what is known of the published checkpoints now. */
    static ModelHome get() throws IOException {
        return new ModelHome(
                directory(),
                EmbeddedSeries.all(),
                new PulledCheckpoints(Optional.empty()),
                Catalogue.current());
    }

    static Path directory() {
        String property = System.getProperty("llm360.home", System.getenv("LLM360_HOME"));
        Path user = Path.of(System.getProperty("user.home"));
        if (property == null || property.isEmpty()) {
            return user.resolve(".llm360");
        }
        // Not every shell, and no file of settings, expands it.
        return property.startsWith("~/") ? user.resolve(property.substring(2)) : Path.of(property);
    }

    Path root() {
        return root;
    }

    Catalogue catalogue() {
        return catalogue;
    }

    /**
     * Finds a checkpoint's directory, in the home or else in the Hub's cache; one that comes with
     * the library is copied into the home first.
     */
    Path find(Reference.Named reference) throws ModelNotFoundException, IOException {
        Optional<String> name = checkpoint(reference);
        Optional<Path> found =
                name.isPresent() ? own(reference.model(), name.get()) : pulled(reference);
        if (found.isPresent()) {
            return RunCheckpoints.resolve(found.get()); // a phase of a training is a run
        }
        if (name.isPresent()) {
            EmbeddedSeries series = embedded(reference.model()).orElseThrow();
            try {
                return series.copyInto(root, name.get());
            } catch (FileSystemException e) {
                throw new IOException(
                        "%s comes with the library and is to be copied into %s, which can't be written (%s): LLM360_HOME names another home"
                                .formatted(reference, root, e.getMessage()),
                        e);
            }
        }
        throw new ModelNotFoundException(explain(reference));
    }

    /** Returns where a checkpoint lies or, if it isn't here yet, where it may be put. */
    Path place(Reference.Named reference) throws IOException {
        Optional<String> name = checkpoint(reference);
        Optional<EmbeddedSeries> series = embedded(reference.model());
        Optional<Path> found =
                name.isPresent() ? own(reference.model(), name.get()) : pulled(reference);
        if (found.isEmpty() && name.isPresent() && series.isPresent()) {
            return series.get().copy(root, name.get());
        }
        return found.orElse(root.resolve(reference.model()).resolve(reference.checkpoint()));
    }

    /** Returns whether a checkpoint can be loaded without being downloaded first. */
    boolean has(Reference.Named reference) throws IOException {
        return checkpoint(reference).isPresent() || pulled(reference).isPresent();
    }

    private Optional<Path> pulled(Reference.Named reference) throws IOException {
        Optional<PublishedCheckpoint> published = catalogue.find(reference);
        return published.isEmpty() ? Optional.empty() : pulled(published.get());
    }

    /** Returns where the Hub's cache has a published checkpoint. */
    Optional<Path> pulled(PublishedCheckpoint checkpoint) throws IOException {
        return pulled.find(checkpoint);
    }

    /**
     * Finds a checkpoint's name in the home. {@code ckpt-7}, {@code ckpt_007} and {@code 7} name
     * the same one, as do all spellings of one in the {@link Catalogue}. {@code latest} is the last
     * that LLM360 published, whether it is here or not; of other models the last that is here.
     */
    Optional<String> checkpoint(Reference.Named reference) throws IOException {
        List<String> checkpoints = checkpoints(reference.model());
        for (String name : checkpoints) {
            if (same(name, reference.checkpoint())) {
                return Optional.of(name);
            }
        }
        Optional<PublishedCheckpoint> published = catalogue.find(reference);
        for (String name : checkpoints) {
            if (published.isPresent() && published.equals(published(reference.model(), name))) {
                return Optional.of(name);
            }
        }
        boolean last =
                reference.checkpoint().equals(Reference.Named.LATEST)
                        && !catalogue.has(reference.model());
        return last && !checkpoints.isEmpty()
                ? Optional.of(checkpoints.get(checkpoints.size() - 1))
                : Optional.empty();
    }

    /**
     * Returns where users have put a checkpoint into their home, which comes before what the
     * library brings.
     *
     * @param checkpoint one of {@link #checkpoints}
     */
    Optional<Path> own(String model, String checkpoint) {
        Path own = root.resolve(model).resolve(checkpoint);
        return Optional.of(own).filter(Files::isDirectory);
    }

    private Optional<EmbeddedSeries> embedded(String model) {
        return embedded.stream().filter(series -> series.model().equals(model)).findFirst();
    }

    private Optional<PublishedCheckpoint> published(String model, String checkpoint) {
        return catalogue.find(new Reference.Named(model, checkpoint));
    }

    /** Returns what is known of a series that comes with the library. */
    Optional<Series> brought(String model) throws IOException {
        Optional<EmbeddedSeries> series = embedded(model);
        return series.isEmpty() ? Optional.empty() : Optional.of(series.get().series());
    }

    /**
     * Returns a model's checkpoints in the order of training: as the {@link Catalogue} has it, else
     * by the numbers in their names, that of the phase, the step.
     */
    List<String> checkpoints(String model) throws IOException {
        List<String> names = new ArrayList<>(directories(root.resolve(model)));
        names.remove(RESUME_POINTS);
        Optional<EmbeddedSeries> series = embedded(model);
        if (series.isPresent()) {
            for (String name : series.get().series().names()) {
                if (names.stream().noneMatch(own -> same(own, name))) {
                    names.add(name);
                }
            }
        }
        return names.stream()
                .sorted(
                        Comparator.comparingLong((String name) -> place(model, name))
                                .thenComparing(ModelHome::numbers, Arrays::compare)
                                .thenComparing(Comparator.naturalOrder()))
                .toList();
    }

    /** Returns the models that the home holds. */
    List<String> models() throws IOException {
        return directories(root);
    }

    /** Returns whether a model is here that LLM360 didn't publish. */
    boolean hasOwn(String model) throws IOException {
        return !catalogue.has(model) && !checkpoints(model).isEmpty();
    }

    /** The tokens seen; what the catalogue doesn't know comes first. */
    private long place(String model, String checkpoint) {
        return published(model, checkpoint)
                .map(PublishedCheckpoint::tokens)
                .orElse(OptionalLong.empty())
                .orElse(-1);
    }

    /** Says why a checkpoint can't be loaded, and how to get it. */
    String explain(Reference.Named reference) throws IOException {
        List<String> checkpoints = checkpoints(reference.model());
        Optional<PublishedCheckpoint> published = catalogue.find(reference);
        if (published.isPresent()) {
            return absent(published.get(), checkpoints);
        }
        Optional<String> others = catalogue.explain(reference);
        if (others.isPresent()) {
            return "no checkpoint '%s': %s; %s"
                    .formatted(
                            reference.checkpoint(),
                            others.get(),
                            here(reference.model(), checkpoints));
        }
        String put =
                "put its files into %s, or give a path that starts with ./ or /"
                        .formatted(root.resolve(reference.model()).resolve(reference.checkpoint()));
        if (!checkpoints.isEmpty()) {
            return "no checkpoint '%s' of '%s': there are %s; %s"
                    .formatted(reference.checkpoint(), reference.model(), some(checkpoints), put);
        }
        List<String> models = models();
        List<String> all = new ArrayList<>(catalogue.models());
        embedded.forEach(series -> all.add(series.model()));
        all.addAll(models);
        Optional<String> near =
                Files.isDirectory(Path.of(reference.model()))
                        ? Optional.of("./" + reference.model())
                        : NearNames.close(reference.model(), all).stream().findFirst();
        String meant = near.map(" did you mean %s?"::formatted).orElse("");
        return "no model '%s':%s %s has %s, the library brings %s, and LLM360 published %s; %s (LLM360_HOME names another home)"
                .formatted(
                        reference.model(),
                        meant,
                        root,
                        models.isEmpty() ? "none" : some(models),
                        some(embedded.stream().map(EmbeddedSeries::model).toList()),
                        some(catalogue.models()),
                        put);
    }

    private String absent(PublishedCheckpoint checkpoint, List<String> checkpoints) {
        return "%s is not on this machine: %s; llm360 pull %s downloads it; or put the files of %s, revision %s, into %s (LLM360_HOME names another home)"
                .formatted(
                        checkpoint.reference(),
                        here(checkpoint.model(), checkpoints),
                        checkpoint.reference(),
                        checkpoint.repository(),
                        checkpoint.revision(),
                        root.resolve(checkpoint.model()).resolve(checkpoint.name()));
    }

    private String here(String model, List<String> checkpoints) {
        return checkpoints.isEmpty()
                ? "%s has none of %s".formatted(root, model)
                : "%s has %s".formatted(root.resolve(model), some(checkpoints));
    }

    static String some(List<String> names) {
        if (names.size() <= SHOWN) {
            return String.join(", ", names);
        }
        return "%s … %s (%d in all)"
                .formatted(
                        String.join(", ", names.subList(0, SHOWN - 1)),
                        names.get(names.size() - 1),
                        names.size());
    }

    /** Returns the directories beside a path that doesn't exist. */
    static List<String> neighbours(Path path) throws IOException {
        Path parent = path.getParent();
        List<String> all = parent == null ? List.of() : directories(parent);
        return all.subList(0, Math.min(SHOWN, all.size()));
    }

    private static List<String> directories(Path parent) throws IOException {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(parent)) {
            return entries.filter(Files::isDirectory)
                    .map(entry -> entry.getFileName().toString())
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    static boolean same(String directory, String asked) {
        String left = directory.toLowerCase(Locale.ROOT).replace('_', '-');
        String right = asked.toLowerCase(Locale.ROOT).replace('_', '-');
        if (left.equals(right)) {
            return true;
        }
        Matcher a = NUMBERED.matcher(left);
        Matcher b = NUMBERED.matcher(right);
        return a.matches()
                && b.matches()
                && number(left).equals(number(right))
                && (a.group(1).equals(b.group(1))
                        || (b.group(1).isEmpty() && a.group(1).equals("ckpt-")));
    }

    private static long[] numbers(String name) {
        return DIGITS.matcher(name)
                .results()
                .map(MatchResult::group)
                .filter(digits -> digits.length() < 18)
                .mapToLong(Long::parseLong)
                .toArray();
    }

    private static OptionalLong number(String name) {
        Matcher matcher = NUMBERED.matcher(name);
        return matcher.matches() && matcher.group(2).length() < 18
                ? OptionalLong.of(Long.parseLong(matcher.group(2)))
                : OptionalLong.empty();
    }
}
