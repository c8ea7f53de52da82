package ai.llm360.analysis.evaluate;

import ai.llm360.io.internal.WholeFile;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;

/**
 * Writes results and logs of samples as lm-evaluation-harness does (docs/formats/evaluations.md).
 * An evaluation that is interrupted keeps the tasks that were finished.
 */
public final class ResultsFile {

    private static final Gson RESULTS =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create();

    private static final Gson LINES =
            new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH-mm-ss.SSSSSS");

    private final EvaluationTasks tasks;
    private final EvaluationRun run;
    private final String date;
    private boolean logBegun;

    /** Creates a writer of what an evaluation of tasks gives. */
    public ResultsFile(EvaluationTasks tasks, EvaluationRun run) {
        this.tasks = tasks;
        this.run = run;
        date = DATE.format(LocalDateTime.ofInstant(run.started(), ZoneId.systemDefault()));
    }

    /** {@return the results of the tasks that are finished, as a file has them} */
    public JsonObject json(List<TaskResult> finished) {
        return new ResultsJson(tasks, run, finished).of(Instant.now());
    }

    /** {@return the results of the groups whose tasks are all finished} */
    public List<GroupResult> groups(List<TaskResult> finished) {
        return Groups.of(tasks, finished);
    }

    /**
     * Writes a file of results, or replaces it by one with more tasks.
     *
     * @param out the file; in a directory it is named {@code results_} and the time
     * @param finished the tasks that are finished
     * @return the file
     */
    public Path write(Path out, List<TaskResult> finished) throws IOException {
        Path file = Files.isDirectory(out) ? out.resolve("results_" + date + ".json") : out;
        String text = RESULTS.toJson(json(finished)) + "\n";
        WholeFile.replace(file.toAbsolutePath(), text.getBytes(StandardCharsets.UTF_8));
        return file;
    }

    /**
     * Writes the samples of a task.
     *
     * @param out a file for the samples of all tasks, one line each, with the task's name; or a
     *     directory, where each task has a file {@code samples_}, its name and the time
     * @param result the task, which was not written before
     * @return the file
     */
    public Path writeSamples(Path out, TaskResult result) throws IOException {
        boolean own = Files.isDirectory(out);
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        for (JsonObject sample : result.samples()) {
            JsonObject line = sample;
            if (!own) {
                line = new JsonObject();
                line.addProperty("task", result.name());
                sample.asMap().forEach(line::add);
            }
            lines.writeBytes((LINES.toJson(line) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        if (own) {
            Path file =
                    out.resolve("samples_%s_%s.jsonl".formatted(sanitized(result.name()), date));
            WholeFile.replace(file.toAbsolutePath(), lines.toByteArray());
            return file;
        }
        if (logBegun) {
            try (FileChannel channel = FileChannel.open(out, StandardOpenOption.APPEND)) {
                ByteBuffer bytes = ByteBuffer.wrap(lines.toByteArray());
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
        } else {
            WholeFile.replace(out.toAbsolutePath(), lines.toByteArray());
            logBegun = true;
        }
        return out;
    }

    /** Returns a name fit for a file, as the harness makes it. */
    static String sanitized(String name) {
        return name.replaceAll("[\"<>:/|\\\\?*\\[\\]]+", "__");
    }
}
