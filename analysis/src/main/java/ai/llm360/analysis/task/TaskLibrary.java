package ai.llm360.analysis.task;

import ai.llm360.analysis.task.TaskPage.Group;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.io.internal.NearNames;
import ai.llm360.io.internal.PlainText;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The tasks that can be asked for: those of the library's own pages, and a user's pages by their
 * paths. A page with subjects makes a task of each.
 */
public final class TaskLibrary {

    private static final List<String> PAGES =
            List.of(
                    "arc",
                    "boolq",
                    "copa",
                    "crows_pairs_english",
                    "crows_pairs_english_types",
                    "gsm8k",
                    "hellaswag",
                    "humaneval",
                    "humaneval_64",
                    "lambada_openai",
                    "lambada_standard",
                    "mbpp",
                    "mmlu",
                    "openbookqa",
                    "piqa",
                    "social_iqa",
                    "toxigen",
                    "truthfulqa_mc",
                    "truthfulqa_mc1",
                    "truthfulqa_mc2",
                    "wikitext",
                    "winogrande");

    private static final int MAX_TASKS = 1000;

    private final Map<String, Task> tasks = new LinkedHashMap<>();

    private TaskLibrary() {}

    /** Reads the library's own pages. */
    public static TaskLibrary open() {
        TaskLibrary library = new TaskLibrary();
        for (String page : PAGES) {
            library.add(page, builtIn(page));
        }
        return library;
    }

    private static ConfigTree builtIn(String page) {
        try (InputStream in =
                TaskLibrary.class.getResourceAsStream(
                        "/ai/llm360/analysis/tasks/" + page + ".yaml")) {
            return including(
                    ConfigTree.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Puts a page over the library's page that it includes. */
    private static ConfigTree including(ConfigTree page) {
        Object included = page.get("include").orElse(null);
        if (included == null) {
            return page;
        }
        if (!PAGES.contains(included)) {
            throw new ConfigException(
                    "include: no page '%s'; there are %s"
                            .formatted(included, String.join(", ", PAGES)));
        }
        return builtIn((String) included).with(page.without("include"));
    }

    private List<Task> add(String origin, ConfigTree page) {
        List<Task> added = new ArrayList<>();
        for (ConfigTree one : Subjects.expand(origin, page)) {
            Task task = new Task(origin, one);
            tasks.put(task.name(), task);
            added.add(task);
            if (tasks.size() > MAX_TASKS) {
                throw new ConfigException("%s: more than %d tasks".formatted(origin, MAX_TASKS));
            }
        }
        return added;
    }

    /** Returns all tasks by name, in the order of the library's pages. */
    public List<Task> tasks() {
        return List.copyOf(tasks.values());
    }

    /**
     * Adds a page of the user's own, whose tasks take the place of others of the same names.
     *
     * @param page the path of a YAML page
     * @return its tasks
     * @throws ConfigException if it isn't a page of a task; the message starts with the path
     */
    public List<Task> add(Path page) throws IOException {
        ConfigTree tree = ConfigTree.read(page);
        try {
            return add(page.toString(), including(tree));
        } catch (ConfigException e) {
            String problem = e.getMessage();
            throw problem.startsWith(page.toString())
                    ? e
                    : new ConfigException(page + ": " + problem, e);
        }
    }

    /**
     * Finds tasks.
     *
     * @param name a task's name or alias, a group or tag, a pattern with {@code *} such as {@code
     *     mmlu_*}, or the path of a page of the user's own, which ends in {@code .yaml}
     * @param profile whose groups are meant, and whose tasks a pattern, group or tag leaves out
     *     where its harness doesn't have them
     * @return the tasks, at least one
     * @throws IllegalArgumentException if there is none; the message suggests names
     */
    public List<Task> find(String name, Profile profile) throws IOException {
        if (name.endsWith(".yaml") || name.endsWith(".yml")) {
            return add(Path.of(name));
        }
        Task named = named(name);
        if (named != null) {
            return List.of(named);
        }
        Set<Task> found = new LinkedHashSet<>();
        if (name.contains("*")) {
            Pattern pattern = Pattern.compile(Pattern.quote(name).replace("*", "\\E.*\\Q"));
            tasks.values().stream()
                    .filter(
                            task ->
                                    pattern.matcher(task.name()).matches()
                                            || task.page(profile).aliases().stream()
                                                    .anyMatch(
                                                            alias ->
                                                                    pattern.matcher(alias)
                                                                            .matches()))
                    .forEach(found::add);
        } else {
            collect(name, profile, groups(profile), new LinkedHashSet<>(), found);
        }
        found.removeIf(task -> !task.isKnownTo(profile));
        if (found.isEmpty()) {
            throw new IllegalArgumentException(
                    "no task, group or page is named %s; did you mean %s?"
                            .formatted(
                                    PlainText.quote(name),
                                    String.join(", ", NearNames.of(name, names(profile)))));
        }
        return List.copyOf(found);
    }

    private Task named(String name) {
        Task task = tasks.get(name);
        return task != null
                ? task
                : tasks.values().stream()
                        .filter(
                                one ->
                                        List.of(Profile.values()).stream()
                                                .anyMatch(
                                                        profile ->
                                                                one.page(profile)
                                                                        .aliases()
                                                                        .contains(name)))
                        .findFirst()
                        .orElse(null);
    }

    /** Adds the tasks that a name stands for; {@code seen} keeps groups from holding themselves. */
    private void collect(
            String name,
            Profile profile,
            Map<String, Group> groups,
            Set<String> seen,
            Set<Task> found) {
        if (!seen.add(name)) {
            return;
        }
        if (tasks.containsKey(name)) {
            found.add(tasks.get(name));
        } else if (groups.containsKey(name)) {
            groups.get(name)
                    .members()
                    .forEach(member -> collect(member, profile, groups, seen, found));
        } else {
            tasks.values().stream()
                    .filter(task -> task.page(profile).tags().contains(name))
                    .forEach(found::add);
        }
    }

    /** {@return the groups whose results are put together, by name} */
    public Map<String, Group> groups(Profile profile) {
        Map<String, Group> groups = new LinkedHashMap<>();
        tasks.values().forEach(task -> groups.putAll(task.page(profile).groups()));
        return groups;
    }

    private Set<String> names(Profile profile) {
        Set<String> names = new TreeSet<>(groups(profile).keySet());
        for (Task task : tasks.values()) {
            names.add(task.name());
            names.addAll(task.page(profile).aliases());
            names.addAll(task.page(profile).tags());
        }
        return names;
    }

    /** Returns the names of all tasks. */
    @Override
    public String toString() {
        return tasks.keySet().stream().collect(Collectors.joining(", "));
    }
}
