package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoopTranslator;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TokenStream;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.KvCache;
import ai.llm360.common.model.TokenBatch;
import ai.llm360.common.model.WeightType;
import ai.llm360.zoo.testing.TinyModel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A model may be closed at any time: what computes is waited for, and what comes later refused. */
@Timeout(60)
class ModelLifeTest {

    private static final String CLOSED = "the model is closed";
    private static final GenerationConfig CONFIG =
            GenerationConfig.builder().optMaxNewTokens(8).optIgnoreEos(true).build();
    private static final long[][] IDS = {{1, 2, 3, 4, 5}};

    @TempDir Path temp;
    private Path directory;

    @BeforeEach
    void write() throws Exception {
        directory = TinyModel.writeTo(temp.resolve("model"));
    }

    private ZooModel<String, String> load(WeightType type) throws Exception {
        return Criteria.of(directory.toString()).optDtype(type).loadModel();
    }

    private static CausalDecoder decoder(Model model) {
        return (CausalDecoder) model.getBlock();
    }

    @Test
    void threads_that_use_and_close_models_meet_nothing_but_refusals() throws Exception {
        ModelStorm storm = new ModelStorm(directory, temp);
        assertThat(storm.run(8, 3000)).isEmpty();
        assertThat(storm.done).hasPositiveValue();
        assertThat(storm.refused).hasPositiveValue();
    }

    @Test
    void closing_waits_for_the_step_in_progress() throws Exception {
        ZooModel<String, String> model = load(WeightType.BF16);
        CausalDecoder decoder = decoder(model);
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        AtomicReference<float[]> read = new AtomicReference<>();
        NDArray table = decoder.getParameters().get(0).getValue().getArray();
        Thread user =
                new Thread(
                        () ->
                                decoder.whileOpen(
                                        () -> {
                                            begun.countDown();
                                            awaitUninterrupted(end);
                                            assertThat(table.isReleased()).isFalse();
                                            read.set(new float[] {table.size()});
                                            return null;
                                        }));
        user.start();
        begun.await();
        Thread closer = new Thread(model::close);
        closer.start();
        while (closer.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        assertThatThrownBy(() -> decoder.newCache(1, 8))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(CLOSED);
        assertThat(table.isReleased()).isFalse();
        end.countDown();
        closer.join();
        user.join();
        assertThat(read.get()).isNotNull();
        assertThat(table.isReleased()).isTrue();
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = WeightType.class,
            names = {"FP32", "BF16"})
    void closing_from_within_a_step_frees_at_its_end(WeightType type) throws Exception {
        load(type).close(); // what is made once for all
        int before = TinyModel.liveArrays();
        ZooModel<String, String> model = load(type);
        CausalDecoder decoder = decoder(model);
        int during =
                decoder.whileOpen(
                        () -> {
                            model.close();
                            try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
                                assertThat(decoder.logits(manager, IDS).toFloatArray())
                                        .isNotEmpty();
                            }
                            return TinyModel.liveArrays();
                        });
        assertThatThrownBy(decoder::newRequestManager).hasMessageContaining(CLOSED);
        assertThat(during).isGreaterThan(before);
        assertThat(TinyModel.liveArrays()).isEqualTo(before);
        model.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = WeightType.class,
            names = {"FP32", "BF16", "INT8"})
    void a_closed_model_refuses_whatever_is_asked(WeightType type) throws Exception {
        ZooModel<String, String> model = load(type);
        CausalDecoder decoder = decoder(model);
        TextGenerator generator = Criteria.generator(model);
        TokenStream stream = generator.stream("once upon a time", CONFIG);
        stream.next();
        try (NDManager manager = decoder.newRequestManager();
                KvCache cache = decoder.newCache(1, 8);
                Predictor<NDList, NDList> predictor = model.newPredictor(new NoopTranslator())) {
            NDArray logits = decoder.logits(manager, IDS);
            float[] open = logits.toFloatArray();
            model.close();
            model.close();
            assertThat(logits.toFloatArray()).hasSize(5 * decoder.vocabularySize()).isEqualTo(open);
            NDArray ids = manager.create(IDS[0], new Shape(1, 5));
            assertThatThrownBy(stream::next).hasMessageContaining(CLOSED);
            assertThat(stream.hasNext()).isFalse();
            assertThatThrownBy(() -> generator.stream("once", CONFIG))
                    .hasMessageContaining("closed");
            assertThatThrownBy(() -> generator.scoreIds(IDS[0])).hasMessageContaining(CLOSED);
            assertThatThrownBy(() -> decoder.advance(manager, cache, new int[] {0}, IDS))
                    .hasMessageContaining(CLOSED);
            assertThatThrownBy(() -> decoder.logits(manager, IDS)).hasMessageContaining(CLOSED);
            assertThatThrownBy(() -> decoder.hiddenStates(manager, IDS))
                    .hasMessageContaining(CLOSED);
            assertThatThrownBy(() -> decoder.page("def a(self):\n    return 1\n"))
                    .hasMessageContaining(CLOSED);
            assertThatThrownBy(() -> predictor.predict(new NDList(ids)))
                    .hasMessageContaining("closed");
        }
        stream.close();
    }

    @Test
    void a_cache_is_continued_by_its_own_model_until_it_is_closed() throws Exception {
        try (ZooModel<String, String> one = load(WeightType.BF16);
                ZooModel<String, String> other = load(WeightType.BF16);
                NDManager manager = NDManager.newBaseManager("PyTorch")) {
            int[] slot = {0};
            KvCache cache = decoder(one).newCache(1, 8);
            decoder(one).advance(manager, cache, slot, IDS);
            assertThatThrownBy(
                            () -> decoder(other).advance(manager, cache, slot, new long[][] {{1}}))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("the cache was made by another model");
            cache.close();
            assertThatThrownBy(() -> decoder(one).advance(manager, cache, slot, new long[][] {{1}}))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the cache is closed");
        }
    }

    @Test
    void streams_that_nobody_can_reach_give_their_memory_back() throws Exception {
        try (ZooModel<String, String> model = load(WeightType.FP32)) {
            TextGenerator generator = Criteria.generator(model);
            generator.generate("once", CONFIG); // makes what is made at first use
            int before = liveArraysAtRest();
            for (int i = 0; i < 20; i++) {
                generator.stream("once upon", CONFIG).next();
            }
            assertThat(TinyModel.liveArrays()).isGreaterThan(before);
            long deadline = System.nanoTime() + 20_000_000_000L;
            while (TinyModel.liveArrays() > before && System.nanoTime() < deadline) {
                System.gc();
            }
            assertThat(TinyModel.liveArrays()).isLessThanOrEqualTo(before);
        }
    }

    /** Counts once the streams that other tests have left are gone, or nearly all. */
    private static int liveArraysAtRest() {
        int before;
        int after = TinyModel.liveArrays();
        do {
            before = after;
            System.gc();
            after = TinyModel.liveArrays();
        } while (after < before);
        return after;
    }

    /** Parameters that DJL made, or a user, hang on a manager of theirs until they are used. */
    @Test
    void weights_that_the_library_did_not_load_are_held_as_well() throws Exception {
        Model model = Model.newInstance("initialised");
        CausalDecoder decoder = Criteria.newBlock(directory.toString());
        model.setBlock(decoder);
        decoder.initialize(model.getNDManager(), DataType.FLOAT32, new Shape(1, 1));
        NDArray table = decoder.getParameters().get(0).getValue().getArray();
        decoder.whileOpen(
                () -> {
                    model.close();
                    assertThat(table.isReleased()).isFalse();
                    return null;
                });
        assertThat(table.isReleased()).isTrue();
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            assertThatThrownBy(() -> decoder.logits(manager, IDS)).hasMessageContaining(CLOSED);
        }
    }

    @Test
    void a_block_that_was_cleared_can_be_made_anew() throws Exception {
        NDManager first = NDManager.newBaseManager("PyTorch");
        try (NDManager second = NDManager.newBaseManager("PyTorch")) {
            CausalDecoder decoder = Criteria.newBlock(directory.toString());
            decoder.initialize(first, DataType.FLOAT32, new Shape(1, 1));
            decoder.logits(first, IDS);
            decoder.clear();
            decoder.initialize(second, DataType.FLOAT32, new Shape(1, 1));
            first.close();
            assertThat(decoder.logits(second, IDS).toFloatArray()).isNotEmpty();
        }
    }

    @Test
    void training_ends_with_an_exception_where_its_model_is_closed() throws Exception {
        ZooModel<String, String> model = load(WeightType.FP32);
        CausalDecoder decoder = decoder(model);
        try (NDManager manager = NDManager.newBaseManager("PyTorch");
                DecoderGradients gradients = new DecoderGradients(decoder, false, 1)) {
            TokenBatch batch =
                    new TokenBatch(manager.create(IDS[0], new Shape(1, 5)), Optional.empty());
            AtomicReference<Throwable> end = new AtomicReference<>();
            CountDownLatch trained = new CountDownLatch(3);
            Thread trainer =
                    new Thread(
                            () -> {
                                while (true) {
                                    gradients.add(batch, 1);
                                    trained.countDown();
                                }
                            });
            trainer.setUncaughtExceptionHandler((thread, e) -> end.set(e));
            trainer.start();
            trained.await();
            model.close();
            trainer.join();
            assertThat(end.get())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(CLOSED);
        }
    }
}
