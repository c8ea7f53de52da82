package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.amber.testing.TinyRun;
import ai.llm360.common.run.RunEvent;
import ai.llm360.common.testing.ThreadRanks;
import ai.llm360.common.train.Collective;
import ai.llm360.common.train.TrainingConfig.Anomaly.Policy;
import ai.llm360.common.train.TrainingException;
import ai.llm360.common.train.TrainingListener;
import ai.llm360.common.train.TrainingResult;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Training by two processes, here threads, beside training by one.
 *
 * <p>Each has one micro-batch of a step, so that their two gradients are added as one process adds
 * them. Losses, norms and weights then have the same bits. With more micro-batches a rank the order
 * of the sums is another.
 */
class TwoRanksTest {

    @TempDir Path temp;

    /** Runs on two ranks; the run is the first one's. */
    private List<TrainingResult> train(Path run, Function<Collective, TinyRun> tiny)
            throws Exception {
        return ThreadRanks.run(
                2,
                rank -> {
                    TinyRun one = tiny.apply(rank).collective(rank);
                    return () -> one.run(run);
                });
    }

    @Test
    void two_ranks_give_the_bits_of_one_process() throws Exception {
        new TinyRun().run(temp.resolve("one"));
        List<TrainingResult> ends = train(temp.resolve("two"), rank -> new TinyRun());
        assertThat(ends).allMatch(TrainingResult::finished);
        assertThat(ends.get(1)).isEqualTo(ends.get(0));
        TinyRun.assertSame(temp.resolve("two"), temp.resolve("one"));
    }

    @Test
    void stopped_by_one_rank_and_resumed_by_both_they_give_the_same_bits() throws Exception {
        new TinyRun().run(temp.resolve("one"));
        Path run = temp.resolve("two");
        List<TrainingResult> stopped =
                train(run, rank -> rank.rank() == 1 ? new TinyRun().stopAfter(11) : new TinyRun());
        assertThat(stopped).noneMatch(TrainingResult::finished);
        assertThat(stopped).allMatch(result -> result.state().step() == 11);
        train(run, rank -> new TinyRun());
        TinyRun.assertSame(run, temp.resolve("one"));
    }

    @Test
    void a_run_of_two_ranks_goes_on_with_one() throws Exception {
        new TinyRun().run(temp.resolve("one"));
        Path run = temp.resolve("two");
        train(run, rank -> new TinyRun().stopAfter(13));
        new TinyRun().run(run);
        TinyRun.assertSame(run, temp.resolve("one"));
    }

    /** The weights of the other rank are damaged: its part of the loss is NaN. */
    private static TinyRun damaged(Collective rank, Policy policy, Map<Integer, RunEvent> told) {
        TinyRun run = new TinyRun().anomaly(policy);
        Amber[] model = new Amber[1];
        run.afterEachStep(
                amber -> {
                    model[0] = amber;
                    if (rank.rank() == 1 && run.metrics().size() == 3) {
                        setNorm(amber, Float.NaN);
                    }
                });
        return run.listener(
                new TrainingListener() {
                    @Override
                    public void onEvent(RunEvent event) {
                        told.put(rank.rank(), event);
                        setNorm(model[0], 1);
                    }
                });
    }

    private static void setNorm(Amber amber, float value) {
        NDArray norm = amber.getParameters().get("model.norm.weight").getArray();
        norm.toByteBuffer(true).order(ByteOrder.nativeOrder()).putFloat(0, value);
    }

    @Test
    void a_loss_of_one_rank_that_is_no_number_is_one_of_all() throws Exception {
        Path run = temp.resolve("two");
        Map<Integer, RunEvent> told = new ConcurrentHashMap<>();
        List<TrainingResult> ends = train(run, rank -> damaged(rank, Policy.SKIP_BATCH, told));
        assertThat(ends.get(1)).isEqualTo(ends.get(0));
        assertThat(ends.get(0).state().updates()).isEqualTo(TinyRun.STEPS - 1);
        assertThat(told.get(1)).isEqualTo(told.get(0));
        assertThat((List<?>) told.get(0).details().get("rows")).hasSize(4);
        assertThatThrownBy(
                        () ->
                                train(
                                        temp.resolve("failed"),
                                        rank -> damaged(rank, Policy.FAIL, told)))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("step 3");
    }

    @Test
    void a_step_that_cannot_be_dealt_evenly_is_refused() {
        assertThatThrownBy(
                        () ->
                                ThreadRanks.run(
                                        3,
                                        rank -> {
                                            TinyRun one = new TinyRun().collective(rank);
                                            return () -> one.run(temp.resolve("three"));
                                        }))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "batch.global is 4, expected a multiple of batch.micro (2) times the 3"
                                + " processes");
    }

    @Test
    void arrays_of_each_rank_are_gathered_in_their_order() throws Exception {
        List<List<Long>> gathered =
                ThreadRanks.run(
                        2,
                        rank ->
                                () -> {
                                    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
                                        NDArray own = manager.create(new long[] {rank.rank()});
                                        return rank.allGather(own).stream()
                                                .map(array -> array.toLongArray()[0])
                                                .toList();
                                    }
                                });
        assertThat(gathered).containsExactly(List.of(0L, 1L), List.of(0L, 1L));
    }
}
