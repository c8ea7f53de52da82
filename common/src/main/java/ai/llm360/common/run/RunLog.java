package ai.llm360.common.run;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes a run's metrics and events, as JSON lines and as TensorBoard's event files. Lines reach
 * the system at once: killing the process loses none. Where recording fails, no half line is left;
 * it throws {@link RunException}, and another {@link IOException} only if the thread is
 * interrupted. For one thread at a time.
 */
public final class RunLog implements AutoCloseable {

    static final String METRICS = "metrics.jsonl";
    static final String VALIDATION = "validation.jsonl";
    static final String EVENTS = "events.jsonl";

    private final LogFile metrics;
    private final LogFile validation;
    private final LogFile events;
    private final EventFile board;
    private boolean closed;

    private RunLog(LogFile metrics, LogFile validation, LogFile events, EventFile board) {
        this.metrics = metrics;
        this.validation = validation;
        this.events = events;
        this.board = board;
    }

    static RunLog open(Path run, long step) throws IOException {
        LogFile metrics = null;
        LogFile validation = null;
        LogFile events = null;
        try {
            metrics = LogFile.open(run.resolve(METRICS), step);
            validation = LogFile.open(run.resolve(VALIDATION), step);
            events = LogFile.open(run.resolve(EVENTS), step);
            return new RunLog(metrics, validation, events, EventFile.create(run, step));
        } catch (IOException e) {
            for (LogFile opened : new LogFile[] {metrics, validation, events}) {
                if (opened != null) {
                    opened.close();
                }
            }
            throw e;
        }
    }

    /** Records a step. */
    public void metrics(StepMetrics step) throws IOException {
        Instant now = now();
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("step", step.step());
        line.put("loss", step.loss());
        line.put("lr", step.learningRate());
        line.put("grad_norm", step.gradientNorm());
        line.put("tokens", step.tokens());
        line.put("tokens_per_second", step.tokensPerSecond());
        step.mfu().ifPresent(mfu -> line.put("mfu", mfu));
        line.put("memory_bytes", step.memoryBytes());
        line.put("time", now.toString());
        metrics.append(JsonText.line(line));
        Map<String, Double> scalars = new LinkedHashMap<>();
        scalars.put("train/loss", step.loss());
        scalars.put("train/lr", step.learningRate());
        scalars.put("train/grad_norm", step.gradientNorm());
        scalars.put("train/tokens", (double) step.tokens());
        scalars.put("speed/tokens_per_second", step.tokensPerSecond());
        step.mfu().ifPresent(mfu -> scalars.put("speed/mfu", mfu));
        scalars.put("speed/memory_bytes", (double) step.memoryBytes());
        board.scalars(now, step.step(), scalars);
    }

    /** Records a validation loss. */
    public void validation(ValidationLoss loss) throws IOException {
        Instant now = now();
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("step", loss.step());
        line.put("source", loss.source());
        line.put("loss", loss.loss());
        line.put("tokens", loss.tokens());
        line.put("time", now.toString());
        validation.append(JsonText.line(line));
        board.scalars(now, loss.step(), Map.of("validation/" + loss.source(), loss.loss()));
    }

    /**
     * Records an event.
     *
     * @throws IllegalArgumentException if its details hold what JSON has no word for
     */
    public void event(RunEvent event) throws IOException {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("step", event.step());
        line.put("kind", event.kind());
        line.put("details", event.details());
        line.put("time", now().toString());
        events.append(JsonText.line(line));
    }

    /**
     * Forces everything to disk, against power cuts. Saving a state does so first. Nothing happens
     * once the log is closed.
     */
    public void flush() throws IOException {
        if (closed) {
            return;
        }
        metrics.force();
        validation.force();
        events.force();
        board.force();
    }

    private static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS);
    }

    /** Forces everything to disk and closes the files. */
    @Override
    public void close() throws IOException {
        try (metrics;
                validation;
                events;
                board) {
            flush();
        } finally {
            closed = true;
        }
    }
}
