package ai.llm360.analysis.evaluate;

import ai.llm360.analysis.task.Profile;
import ai.llm360.analysis.task.Task;
import ai.llm360.analysis.task.TaskData;
import ai.llm360.analysis.task.TaskItems;
import ai.llm360.analysis.task.TaskLibrary;
import ai.llm360.analysis.task.TaskPage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Tasks with their documents and requests, to be evaluated on any number of models.
 *
 * @param profile whose rules are followed
 * @param tasks the tasks in the order of their names
 * @param groups the groups that were asked for, and those in them, inner ones first
 */
public record EvaluationTasks(Profile profile, List<Asked> tasks, List<Group> groups) {

    public EvaluationTasks {
        tasks = List.copyOf(tasks);
        groups = List.copyOf(groups);
    }

    /**
     * A task with its documents.
     *
     * @param task the task
     * @param items its documents and requests
     */
    public record Asked(Task task, TaskItems items) {}

    /**
     * A group of tasks.
     *
     * @param name its name
     * @param page how it is described
     * @param members the names of its groups and tasks
     * @param tasks the names of all tasks in it and in its groups
     */
    public record Group(
            String name, TaskPage.Group page, List<String> members, List<String> tasks) {}

    /**
     * Reads the documents of tasks and makes their requests.
     *
     * @param library where tasks are found; pages of the user's own are added to it
     * @param names names of tasks, groups, tags, patterns and paths of pages, as {@link
     *     TaskLibrary#find} takes them
     * @param profile whose rules are followed
     * @param shots the number of examples before each question; each task's own if empty
     * @param data the user's files
     * @param shotsFrom a file that examples are drawn from; each task's own split if empty
     * @param limit the largest number of documents of a task; all if empty
     * @throws IllegalArgumentException if a name is unknown, or the profile lacks the task
     * @throws IOException if a file is missing, or isn't of its form
     */
    public static EvaluationTasks read(
            TaskLibrary library,
            List<String> names,
            Profile profile,
            OptionalInt shots,
            TaskData data,
            Optional<Path> shotsFrom,
            OptionalInt limit)
            throws IOException {
        Set<Task> found = new LinkedHashSet<>();
        for (String name : names) {
            found.addAll(library.find(name, profile));
        }
        List<Asked> tasks = new ArrayList<>();
        for (Task task : found) {
            Metric.of(task.page(profile)); // so that a wrong measure fails before files are read
            tasks.add(new Asked(task, task.items(profile, shots, data, shotsFrom, limit)));
        }
        Map<String, Group> groups = new LinkedHashMap<>();
        for (String name : names) {
            collect(library, profile, name, groups);
        }
        return new EvaluationTasks(profile, tasks, List.copyOf(groups.values()));
    }

    private static void collect(
            TaskLibrary library, Profile profile, String name, Map<String, Group> groups)
            throws IOException {
        Map<String, TaskPage.Group> known = library.groups(profile);
        TaskPage.Group page = known.get(name);
        if (page == null || groups.containsKey(name)) {
            return;
        }
        Set<String> members = new LinkedHashSet<>();
        for (String member : page.members()) {
            collect(library, profile, member, groups);
            if (known.containsKey(member)) {
                members.add(member);
            } else {
                names(library, profile, member).forEach(members::add);
            }
        }
        groups.put(
                name, new Group(name, page, List.copyOf(members), names(library, profile, name)));
    }

    private static List<String> names(TaskLibrary library, Profile profile, String name)
            throws IOException {
        return library.find(name, profile).stream().map(task -> name(task, profile)).toList();
    }

    /** Returns a task's name in results: the one by which its profile's harness knows it. */
    static String name(Task task, Profile profile) {
        List<String> today = task.page(Profile.LM_EVAL_0_4_13).aliases();
        return task.page(profile).aliases().stream()
                .filter(alias -> !today.contains(alias))
                .findFirst()
                .orElse(task.name());
    }
}
