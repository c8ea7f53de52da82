package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.run.RunEvent;
import ai.llm360.common.run.SavedState;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.run.ValidationLoss;
import ai.llm360.common.train.TrainingListener;
import ai.llm360.common.train.TrainingPlan;
import ai.llm360.common.train.TrainingResult;
import ai.llm360.zoo.reproduce.Pretraining;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Shows on standard error how a training goes on: a bar that is redrawn on a terminal, else a line
 * now and then; and a line for each validation, saved state and event.
 */
final class TrainingProgress implements TrainingListener, AutoCloseable {

    private static final int WIDTH = 20;

    private final Meter meter;
    private final LongSupplier nanoTime;
    private long steps;
    private long began;
    private long done;
    private StepMetrics last;

    /**
     * Creates a display.
     *
     * @param steps the run's last step, until {@link #onBegin} tells it
     * @param nanoTime the clock, such as {@link System#nanoTime}
     */
    TrainingProgress(Terminal terminal, long steps, LongSupplier nanoTime) {
        meter = new Meter(terminal, nanoTime, String::valueOf);
        this.steps = steps;
        this.nanoTime = nanoTime;
        began = nanoTime.getAsLong();
    }

    /** Runs a training with a display, until the process is told to end. */
    static List<Pretraining.Outcome> show(Pretraining.Builder builder, Terminal terminal)
            throws IOException, ModelNotFoundException {
        try (TrainingProgress progress = new TrainingProgress(terminal, 0, System::nanoTime)) {
            Pretraining training = builder.addListener(progress).build();
            return terminal.shutdownHook().telling(() -> progress.stop(training), training::run);
        }
    }

    private void stop(Pretraining training) {
        note("stopping after this step; a point to resume from is saved");
        training.stop();
    }

    @Override
    public synchronized void onBegin(TrainingPlan plan) {
        steps = plan.steps();
        began = nanoTime.getAsLong();
        done = 0;
    }

    @Override
    public void onEnd(TrainingResult result) {
        close();
    }

    @Override
    public synchronized void onStep(StepMetrics metrics) {
        last = metrics;
        done++;
        if (meter.due(done, done == 1 || metrics.step() == steps)) {
            show();
        }
    }

    @Override
    public void onValidation(List<ValidationLoss> losses) {
        for (ValidationLoss loss : losses) {
            note(
                    String.format(
                            Locale.ROOT,
                            "validation loss of %s after step %d: %.4f",
                            loss.source(),
                            loss.step(),
                            loss.loss()));
        }
    }

    @Override
    public void onSaved(SavedState saved) {
        note("saved " + saved.name());
    }

    @Override
    public void onWarning(String warning) {
        note("warning: " + warning);
    }

    @Override
    public void onEvent(RunEvent event) {
        note("step %d: %s %s".formatted(event.step(), event.kind(), event.details()));
    }

    /** Prints a line, above the bar if there is one. */
    synchronized void note(String text) {
        meter.note(text);
        if (meter.open()) {
            show();
        }
    }

    private void show() {
        double secondsPerStep = (nanoTime.getAsLong() - began) / 1e9 / done;
        String text =
                String.format(
                        Locale.ROOT,
                        "step %d/%d  loss %.4f  lr %.2e  norm %.2f  %,.0f tokens/s%s  %s left",
                        last.step(),
                        steps,
                        last.loss(),
                        last.learningRate(),
                        last.gradientNorm(),
                        last.tokensPerSecond(),
                        last.mfu().isPresent()
                                ? String.format(
                                        Locale.ROOT,
                                        " (%.0f%% MFU)",
                                        100 * last.mfu().getAsDouble())
                                : "",
                        clock(Math.round(secondsPerStep * Math.max(0, steps - last.step()))));
        String bar = Meter.bar(Meter.share(last.step(), steps), WIDTH) + " ";
        meter.show(meter.redrawn() ? bar + text : text);
    }

    /** Writes seconds as {@code 1:02:03}, and more than a day as {@code 3d 04:05}. */
    static String clock(long seconds) {
        long hours = seconds / 3600;
        long minutes = seconds / 60 % 60;
        if (hours >= 24) {
            return String.format(Locale.ROOT, "%dd %02d:%02d", hours / 24, hours % 24, minutes);
        }
        return String.format(Locale.ROOT, "%d:%02d:%02d", hours, minutes, seconds % 60);
    }

    /** Ends the bar's line, also where the training has failed. */
    @Override
    public synchronized void close() {
        if (meter.open()) {
            show();
            meter.close();
        }
    }
}
