package ai.llm360.common.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Where a run's saved states lie, and which of them count. */
final class SavedStates {

    static final String RESUME = "resume";

    private static final Pattern CHECKPOINT = Pattern.compile("ckpt-(\\d{3,9})");
    private static final Pattern POINT = Pattern.compile("step-(\\d{9,18})");

    private final Path run;

    /** Of the series {@code ckpt-…}, by step. */
    private final List<SavedState> series;

    /** Of {@code resume/step-…}, by step. */
    private final List<SavedState> points;

    private final List<Damaged> damaged;

    /** A directory that was whole once and can't be read now. */
    private record Damaged(boolean ofSeries, long number, RunException why) {}

    private SavedStates(
            Path run, List<SavedState> series, List<SavedState> points, List<Damaged> damaged) {
        this.run = run;
        this.series = series;
        this.points = points;
        this.damaged = damaged;
    }

    static Path checkpoint(Path run, int number) {
        return run.resolve(String.format(Locale.ROOT, "ckpt-%03d", number));
    }

    static Path point(Path run, long step) {
        return run.resolve(RESUME).resolve(String.format(Locale.ROOT, "step-%09d", step));
    }

    /** Where a killed process may have left something. */
    static List<Path> foldersWrittenTo(Path run) throws IOException {
        List<Path> folders = new ArrayList<>(List.of(run, run.resolve(RESUME)));
        for (Path directory : directories(run)) {
            if (number(CHECKPOINT, directory).isPresent()) {
                folders.add(directory);
            }
        }
        return folders;
    }

    static SavedStates find(Path run) throws IOException {
        List<Damaged> damaged = new ArrayList<>();
        return new SavedStates(
                run,
                find(run, CHECKPOINT, damaged),
                find(run.resolve(RESUME), POINT, damaged),
                damaged);
    }

    private static List<SavedState> find(Path parent, Pattern names, List<Damaged> damaged)
            throws IOException {
        List<SavedState> found = new ArrayList<>();
        for (Path directory : directories(parent)) {
            OptionalLong number = number(names, directory);
            if (number.isEmpty() || !SavedState.isWhole(directory)) {
                continue;
            }
            try {
                found.add(SavedState.open(directory));
            } catch (RunException e) {
                damaged.add(new Damaged(names == CHECKPOINT, number.getAsLong(), e));
            }
        }
        found.sort(Comparator.comparingLong(state -> state.state().step()));
        return found;
    }

    private static List<Path> directories(Path parent) throws IOException {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(parent)) {
            return entries.filter(Files::isDirectory).sorted().toList();
        }
    }

    private static OptionalLong number(Pattern names, Path directory) {
        Matcher matcher = names.matcher(directory.getFileName().toString());
        return matcher.matches()
                ? OptionalLong.of(Long.parseLong(matcher.group(1)))
                : OptionalLong.empty();
    }

    /**
     * Returns all by step; a resume point is left out if the series has a checkpoint of its step.
     */
    List<SavedState> all() {
        List<SavedState> all = new ArrayList<>(series);
        points.stream().filter(point -> !inSeries(point)).forEach(all::add);
        all.sort(Comparator.comparingLong(state -> state.state().step()));
        List<SavedState> cured = new ArrayList<>();
        Optional<SavedState> before = Optional.empty();
        for (SavedState state : all) {
            cured.add(state.withCure(cure(state.path(), before)));
            if (state.hasOptimizer()) {
                before = Optional.of(state);
            }
        }
        return cured;
    }

    /**
     * The further points that retention drops: all but the newest, and those the series has too.
     */
    List<SavedState> superseded(int keep) {
        List<SavedState> all = all();
        long newest = all.isEmpty() ? -1 : all.get(all.size() - 1).state().step();
        List<SavedState> own = points.stream().filter(point -> !inSeries(point)).toList();
        List<SavedState> kept = own.subList(Math.max(0, own.size() - keep), own.size());
        return points.stream()
                .filter(point -> !kept.contains(point))
                .filter(point -> inSeries(point) || point.state().step() != newest)
                .toList();
    }

    /** Those of the series that are older than its newest one to resume from. */
    List<SavedState> olderOfSeries() {
        for (int i = series.size() - 1; i >= 0; i--) {
            if (series.get(i).hasOptimizer()) {
                return series.subList(0, i);
            }
        }
        return List.of();
    }

    private boolean inSeries(SavedState point) {
        return series.stream().anyMatch(state -> state.state().step() == point.state().step());
    }

    /** The newest one, unless one that can't be read may be newer. */
    Optional<SavedState> latest() throws IOException {
        List<SavedState> all = all();
        long step = all.isEmpty() ? -1 : all.get(all.size() - 1).state().step();
        long number = -1;
        if (!series.isEmpty()) {
            number = number(CHECKPOINT, series.get(series.size() - 1).path()).orElse(-1);
        }
        for (Damaged one : damaged) {
            if (one.number > (one.ofSeries ? number : step)) {
                Path path =
                        one.ofSeries ? checkpoint(run, (int) one.number) : point(run, one.number);
                Optional<SavedState> before =
                        all.stream().filter(SavedState::hasOptimizer).reduce((a, b) -> b);
                throw RunException.withCure(one.why, cure(path, before));
            }
        }
        return all.isEmpty() ? Optional.empty() : Optional.of(all.get(all.size() - 1));
    }

    private static String cure(Path path, Optional<SavedState> before) {
        return before.map(
                        state ->
                                "to resume from %s, which is older, remove %s"
                                        .formatted(state.name(), path))
                .orElse("no older state is there to resume from: begin the run anew elsewhere");
    }
}
