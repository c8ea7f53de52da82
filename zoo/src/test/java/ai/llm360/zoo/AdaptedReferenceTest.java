package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.finetune.AdapterConfig;
import ai.llm360.common.finetune.LoraAdapters;
import ai.llm360.common.finetune.ModuleNames;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.WeightType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdaptedReferenceTest {

    @TempDir Path temp;

    @ParameterizedTest
    @CsvSource(
            nullValues = "",
            value = {
                "amber@ckpt-358, amber@ckpt-358,",
                "amber@ckpt-358+./a, amber@ckpt-358, ./a",
                "amber+./a+/b/c+~/d, amber, ./a /b/c HOME/d",
                "./run@3+../a, ./run@3, ../a",
                "amber+a, amber, ./a",
                "amber+file:///a%20b, amber, /a%20b",
                "LLM360/Amber@ckpt_200+./a, LLM360/Amber@ckpt_200, ./a",
                "amber+, amber+,",
                "+./a, +./a,",
                "llm360+file:///t/m@3, llm360+file:///t/m@3,",
                "llm360+https://h/t++/m@3, llm360+https://h/t++/m@3,",
                "llm360+https://h/t/m@3+./a, llm360+https://h/t/m@3, ./a"
            })
    void what_follows_a_plus_is_an_adapter(String text, String base, String adapters) {
        String home = System.getProperty("user.home");
        List<Path> expected =
                adapters == null
                        ? List.of()
                        : Arrays.stream(adapters.replace("HOME", home).split(" ", -1))
                                .map(path -> Path.of(path.replace("%20", " ")))
                                .toList();
        assertThat(AdaptedReference.parse(text)).isEqualTo(new AdaptedReference(base, expected));
    }

    @Test
    void a_path_that_there_is_is_taken_as_it_stands() throws IOException, ModelNotFoundException {
        Path directory = Files.createDirectories(temp.resolve("c++/a+b"));
        assertThat(AdaptedReference.parse(directory.toString()).adapters()).isEmpty();
        assertThat(Reference.parse(directory.toString()))
                .isEqualTo(new Reference.AtPath(directory));
        assertThat(AdaptedReference.parse(directory + "+./x"))
                .isEqualTo(new AdaptedReference(directory.toString(), List.of(Path.of("./x"))));
        assertThatThrownBy(() -> Reference.parse(directory + "+./x"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("names an adapter, which can't be taken here");
    }

    private static float[] logits(Criteria<NDList, NDList> criteria) throws Exception {
        try (ZooModel<NDList, NDList> model = criteria.loadModel();
                Predictor<NDList, NDList> predictor = model.newPredictor();
                NDManager manager = model.getNDManager().newSubManager()) {
            NDList ids = new NDList(manager.create(new long[][] {{1, 17, 33, 4}}));
            return predictor.predict(ids).singletonOrThrow().toFloatArray();
        }
    }

    private static Criteria<NDList, NDList> of(String reference) {
        return Criteria.of(reference, NDList.class, NDList.class);
    }

    private Path adapter(Path model, String name, String target) throws Exception {
        try (ZooModel<NDList, NDList> loaded = of(model.toString()).loadModel()) {
            AdapterConfig config =
                    AdapterConfig.builder()
                            .optR(2)
                            .optTargetModules(ModuleNames.of(List.of(target)))
                            .optInitLoraWeights("false")
                            .build();
            Path directory = temp.resolve(name);
            LoraAdapters.begin((CausalDecoder) loaded.getBlock(), config, 5).write(directory);
            return directory;
        }
    }

    @Test
    void models_are_loaded_with_their_adapters_by_reference_and_by_argument() throws Exception {
        Path model = TinyAmber.of(TinyAmber.sizes()).writeTo(temp.resolve("model"));
        Path first = adapter(model, "first", "q_proj");
        Path second = adapter(model, "second", "down_proj");
        float[] base = logits(of(model.toString()));
        float[] one = logits(of(model + "+" + first));
        float[] both = logits(of(model + "+" + first + "+" + second));
        assertThat(one).isNotEqualTo(base);
        assertThat(both).isNotEqualTo(one);
        assertThat(logits(of(model.toString()).optAdapters(List.of(first, second))))
                .isEqualTo(both);
        assertThat(logits(of(model.toString()).optArgument("adapter", first.toString())))
                .isEqualTo(one);
        ai.djl.repository.zoo.Criteria<NDList, NDList> djl =
                ai.djl.repository.zoo.Criteria.builder()
                        .setTypes(NDList.class, NDList.class)
                        .optModelUrls(
                                "llm360://" + model.toUri().getRawPath() + "?adapter=" + first)
                        .build();
        try (ZooModel<NDList, NDList> loaded = djl.loadModel();
                Predictor<NDList, NDList> predictor = loaded.newPredictor();
                NDManager manager = loaded.getNDManager().newSubManager()) {
            NDList ids = new NDList(manager.create(new long[][] {{1, 17, 33, 4}}));
            assertThat(predictor.predict(ids).singletonOrThrow().toFloatArray()).isEqualTo(one);
        }
        assertThat(logits(of(model + "+" + first).optDtype(WeightType.INT8)))
                .isNotEqualTo(logits(of(model.toString()).optDtype(WeightType.INT8)));
    }

    @Test
    void one_that_cannot_be_loaded_is_named() throws Exception {
        Path model = TinyAmber.of(TinyAmber.sizes()).writeTo(temp.resolve("model"));
        Path adapter = adapter(model, "adapter", "q_proj");
        assertThatThrownBy(() -> of(model + "+" + temp.resolve("absent")).loadModel())
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(temp.resolve("absent") + ": holds no adapter");
        assertThatThrownBy(() -> of(model + "+" + adapter).optTrainable().loadModel())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("loaded without adapters");
        assertThatThrownBy(() -> of(adapter.toString()).loadModel())
                .isInstanceOf(IOException.class)
                .hasMessageContaining(adapter + " holds an adapter, not a model");
    }
}
