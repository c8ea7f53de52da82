package ai.llm360.analysis.task;

import ai.llm360.analysis.task.TaskData.Loaded;
import ai.llm360.analysis.task.TaskPage.Kind;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** A benchmark that a model can be asked. It comes from a page, by {@link TaskLibrary}. */
public final class Task {

    private static final String PROFILES = "profiles";

    private final Map<Profile, TaskPage> pages = new EnumMap<>(Profile.class);

    /** Creates a task of a page's values; {@code origin} names the page in errors. */
    Task(String origin, ConfigTree tree) {
        ConfigTree common = tree.without(PROFILES);
        Map<String, Object> own = tree.part(PROFILES).map(ConfigTree::asMap).orElse(Map.of());
        List<String> known = Arrays.stream(Profile.values()).map(Profile::toString).toList();
        for (String name : own.keySet()) {
            if (!known.contains(name)) {
                throw new ConfigException(
                        "%s: profiles: no profile '%s'; there are %s"
                                .formatted(origin, name, String.join(", ", known)));
            }
        }
        try {
            for (Profile profile : Profile.values()) {
                Object over = own.get(profile.toString());
                ConfigTree all =
                        over == null ? common : common.with(ConfigTree.of(map(profile, over)));
                TaskPage page = all.bind(TaskPage.class, TaskPage.DEFAULTS);
                new DocumentPrompt(page.prompt()); // so that a wrong template fails now
                page.forms().forEach(DocumentMapping::new);
                pages.put(profile, page);
            }
        } catch (ConfigException e) {
            throw new ConfigException(origin + ": " + e.getMessage(), e);
        }
    }

    private static Map<String, Object> map(Profile profile, Object over) {
        if (!(over instanceof Map<?, ?> given)) {
            throw new ConfigException(
                    "profiles.%s is %s; expected a map of keys".formatted(profile, over));
        }
        Map<String, Object> map = new LinkedHashMap<>();
        given.forEach((key, value) -> map.put((String) key, value));
        return map;
    }

    /** Returns the task's name, as today's harness spells it. */
    public String name() {
        return page(Profile.LM_EVAL_0_4_13).name();
    }

    /**
     * {@return the task as a profile knows it: what the page says, with what it says for the
     * profile over it}
     */
    public TaskPage page(Profile profile) {
        return pages.get(profile);
    }

    /** {@return whether the profile's harness has the task} */
    public boolean isKnownTo(Profile profile) {
        return page(profile).only().map(Profile::named).map(profile::equals).orElse(true);
    }

    /**
     * Makes the requests of the task's documents.
     *
     * @param profile whose rules are followed
     * @param shots the number of examples before each question; the task's own if empty. Tasks
     *     whose number is fixed keep theirs, as in lm-evaluation-harness
     * @param data the user's files
     * @param shotsFrom a file to draw the examples from instead of the task's own split
     * @param limit the largest number of documents, the first ones in the profile's order; all if
     *     empty
     * @return the documents in the profile's order, with their requests and what they came from
     * @throws DocumentException if a file isn't there, or isn't of its form
     * @throws IllegalArgumentException if the profile doesn't know the task, or there are fewer
     *     documents than shots to draw
     */
    public TaskItems items(
            Profile profile,
            OptionalInt shots,
            TaskData data,
            Optional<Path> shotsFrom,
            OptionalInt limit)
            throws IOException {
        if (!isKnownTo(profile)) {
            throw new IllegalArgumentException(
                    "%s has no task %s; its profile is %s"
                            .formatted(profile, name(), page(profile).only().orElseThrow()));
        }
        if (shots.orElse(0) < 0 || limit.orElse(1) < 1) {
            throw new IllegalArgumentException(
                    "shots are 0 or more and a limit is 1 or more, not %d and %d"
                            .formatted(shots.orElse(0), limit.orElse(1)));
        }
        TaskPage own = page(profile);
        boolean fixed = own.shots().fixed() || own.kind() == Kind.ROLLING;
        int number = fixed ? own.shots().number() : shots.orElse(own.shots().number());

        Loaded documents = data.split(own, own.split());
        List<Loaded> loaded = new ArrayList<>(List.of(documents));
        List<JsonObject> pool = List.of();
        List<String> reasons = new ArrayList<>();
        if (number > 0) {
            Loaded examples =
                    shotsFrom.isPresent()
                            ? data.file(own, shotsFrom.get())
                            : own.shots().split().equals(own.split())
                                    ? documents
                                    : data.split(own, own.shots().split());
            pool = examples.documents();
            loaded.add(examples);
            shotsFrom.ifPresent(
                    file ->
                            reasons.add(
                                    "the examples are drawn from %s, not from the task's own split"
                                            .formatted(file.getFileName())));
        }
        loaded.forEach(one -> one.form().incomparable().ifPresent(reasons::add));
        return new TaskItems(
                new ItemBuilder(own, profile, number, pool)
                        .build(documents.documents(), limit.orElse(Integer.MAX_VALUE)),
                documents.documents().size(),
                number,
                loaded.stream().flatMap(one -> one.files().stream()).distinct().toList(),
                reasons.stream().distinct().toList());
    }

    /** Returns the task's name. */
    @Override
    public String toString() {
        return name();
    }
}
