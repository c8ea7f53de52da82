package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import ai.djl.Device;
import ai.djl.ndarray.NDList;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.util.Progress;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.WeightType;
import ai.llm360.zoo.CheckpointEntry.Source;
import ai.llm360.zoo.testing.FileServer;
import ai.llm360.zoo.testing.HubEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** One piece of code sweeps over series of every source, and two homes live in one process. */
class SweepTest extends PublishedRun {

    private static final String TENSOR = "model.embed_tokens.weight";

    private record Seen(
            String name, Source source, long tokens, double norm, double rows, int tensors) {}

    /** Keeps what it is told. */
    private record Told(List<String> messages) implements Progress {

        @Override
        public void reset(String message, long max) {
            messages.add(message);
        }

        @Override
        public void reset(String message, long max, String trailing) {
            messages.add(message);
        }

        @Override
        public void start(long initial) {}

        @Override
        public void end() {}

        @Override
        public void increment(long increment) {}

        @Override
        public void update(long progress, String message) {}
    }

    /** Reads a tensor, rows of it and the headers of each, and loads the last in bfloat16. */
    private static List<Seen> sweep(Series series) throws Exception {
        List<Seen> seen =
                series.sweep(
                        2,
                        one -> {
                            int tensors;
                            try (Checkpoint checkpoint = one.open()) {
                                tensors = checkpoint.tensors().size();
                            }
                            return new Seen(
                                    one.name(),
                                    one.source(),
                                    one.tokens().orElse(-1),
                                    one.read(TENSOR).statistics().norm(),
                                    one.read(TENSOR, 1, 3).statistics().norm(),
                                    tensors);
                        });
        List<String> told = new ArrayList<>();
        Progress progress = new Told(told);
        try (ZooModel<NDList, NDList> model =
                series.last()
                        .criteria(NDList.class, NDList.class)
                        .optDevice(Device.cpu())
                        .optDtype(WeightType.BF16)
                        .optProgress(progress)
                        .loadModel()) {
            CausalDecoder decoder = (CausalDecoder) model.getBlock();
            assertThat(decoder.getParameters().get(TENSOR).getArray().getDataType().name())
                    .isEqualTo("UNKNOWN"); // which is what DJL calls bfloat16
        }
        assertThat(told).isNotEmpty();
        return seen;
    }

    @Test
    void one_sweep_reads_an_embedded_model_a_run_and_trees() throws Exception {
        publish();
        List<Seen> ofRun = sweep(Series.of(run.toString()));
        assertThat(ofRun)
                .extracting(Seen::name, Seen::source)
                .containsExactly(tuple("ckpt-000", Source.PATH), tuple("ckpt-001", Source.PATH));
        assertThat(ofRun.get(0).norm()).isNotEqualTo(ofRun.get(1).norm());
        assertThat(ofRun).allMatch(one -> one.rows() < one.norm() && one.rows() > 0);
        List<Seen> ofTree = sweep(Series.of(inTree("my-amber")));
        assertThat(ofTree).allMatch(one -> one.source() == Source.TREE);
        assertThat(ofTree)
                .usingRecursiveFieldByFieldElementComparatorIgnoringFields("source")
                .isEqualTo(ofRun);
        try (FileServer server = FileServer.of(tree);
                HubEnvironment environment =
                        HubEnvironment.of("http://127.0.0.1:9", temp.resolve("hf"))) {
            assertThat(environment).isNotNull();
            Series web = Series.of("llm360+" + server.address() + "/my-amber");
            assertThat(web).noneMatch(CheckpointEntry::isHere);
            assertThat(sweep(web)).isEqualTo(ofTree);
            assertThat(web).allMatch(CheckpointEntry::isHere);
        }
        List<Seen> embedded = sweep(Series.of("amber-nano").sample(3));
        assertThat(embedded)
                .extracting(Seen::name)
                .containsExactly("ckpt-000", "ckpt-005", "ckpt-009");
        assertThat(embedded).allMatch(one -> one.source() == Source.EMBEDDED && one.tokens() > 0);
    }

    @Test
    void what_is_read_of_a_series_is_written_as_one_file() throws Exception {
        Map<String, TensorRows> rows = new LinkedHashMap<>();
        for (CheckpointEntry one : Series.of(run.toString())) {
            rows.put(one.name(), one.read(TENSOR, 0, 2));
        }
        Path file = temp.resolve("rows.safetensors");
        TensorRows.write(file, rows);
        try (Checkpoint written = Checkpoint.open(file)) {
            assertThat(written.tensors().keySet()).containsExactly("ckpt-000", "ckpt-001");
            assertThat(written.read("ckpt-001", rows.get("ckpt-001").type()))
                    .isEqualTo(rows.get("ckpt-001").elements());
        }
    }

    @Test
    void a_sweep_fails_as_its_work_does() throws Exception {
        Series series = Series.of(run.toString());
        assertThatThrownBy(() -> series.sweep(2, one -> one.read("no.such.weight")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no.such.weight");
        assertThatThrownBy(
                        () ->
                                series.sweep(
                                        2,
                                        one -> {
                                            throw new ModelNotFoundException(one.name());
                                        }))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessage("ckpt-000");
    }

    @Test
    void two_homes_live_in_one_process() throws Exception {
        Zoo left = zoo("left", "ckpt-000");
        Zoo right = zoo("right", "ckpt-001");
        assertThat(left.series("mine"))
                .extracting(CheckpointEntry::name)
                .containsExactly("ckpt-000");
        assertThat(right.series("mine"))
                .extracting(CheckpointEntry::name)
                .containsExactly("ckpt-001");
        for (Zoo zoo : List.of(left, right)) {
            try (ZooModel<String, String> model =
                            zoo.criteria("mine", String.class, String.class).loadModel();
                    ZooModel<String, String> brought = zoo.checkpoint("amber-nano@0").load()) {
                assertThat(model.getModelPath()).startsWith(zoo.home());
                assertThat(brought.getModelPath()).startsWith(zoo.home());
            }
        }
        assertThat(temp.resolve("home")).doesNotExist(); // the environment's
    }

    private Zoo zoo(String name, String checkpoint) throws IOException {
        Path home = temp.resolve(name);
        Files.createDirectories(home.resolve("mine"));
        copy(run.resolve(checkpoint), home.resolve("mine").resolve(checkpoint));
        return Zoo.builder().optHome(home).build();
    }
}
