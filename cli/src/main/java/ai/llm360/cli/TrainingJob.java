package ai.llm360.cli;

import ai.djl.ndarray.NDManager;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.run.RunDirectory;
import ai.llm360.common.run.StepMetrics;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingLoop;
import ai.llm360.common.train.TrainingPlan;
import ai.llm360.common.train.TrainingResult;
import ai.llm360.common.train.TrainingRun;
import java.io.IOException;

/**
 * Training as a verb does it: with a display, and until the process is told to end.
 *
 * @param plan what is trained
 * @param decoder the model
 * @param dataset the data
 * @param peakFlops the device's operations a second, or 0 if that isn't known
 */
record TrainingJob(
        TrainingPlan plan, CausalDecoder decoder, TokenDataset dataset, double peakFlops) {

    /** How a training ended; the last step's figures are null if it made none. */
    record Outcome(TrainingResult result, StepMetrics last) {}

    Outcome run(RunDirectory run, NDManager manager, Terminal terminal) throws IOException {
        TrainingConfig config = plan.config();
        try (TrainingProgress progress =
                new TrainingProgress(terminal, plan.steps(), System::nanoTime)) {
            TrainingLoop loop =
                    TrainingLoop.builder()
                            .setConfig(config)
                            .setDecoder(decoder)
                            .setDataset(dataset)
                            .setRun(run)
                            .setManager(manager)
                            .optFiles(TrainingRun.modelFiles(config))
                            .optFlops(plan.flopsPerToken(), peakFlops)
                            .addListener(progress)
                            .build();
            TrainingResult result =
                    terminal.shutdownHook().telling(() -> stop(loop, progress), loop::run);
            progress.end();
            return new Outcome(result, progress.last());
        }
    }

    private static void stop(TrainingLoop loop, TrainingProgress progress) {
        progress.note("stopping after this step; a point to resume from is saved");
        loop.stop();
    }
}
