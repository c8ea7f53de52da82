package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.DecoderLayout;
import ai.llm360.common.model.InferenceBackend;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.testing.Decoding;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Amber as a model whose layers no rules describe: kernels would compute it wrongly. */
class DecoderWithoutRulesTest {

    private static final long[] IDS = {1, 17, 90, 3, 3, 42, 55};

    private static final class Bare extends CausalDecoder {

        Bare(AmberConfig config) {
            super(bare(Amber.layout(config)));
        }

        private static DecoderLayout bare(DecoderLayout amber) {
            Map<String, Object> constants = new HashMap<>(amber.constants());
            constants.put("eps", amber.rules().orElseThrow().eps());
            constants.put("rotary_dim", amber.headDim());
            constants.put("head_scale", 1.0);
            return new DecoderLayout(
                    amber.page(),
                    constants,
                    amber.vocabulary(),
                    amber.context(),
                    amber.layers(),
                    amber.heads(),
                    amber.keyValueHeads(),
                    amber.headDim(),
                    amber.attentionScale(),
                    Optional.empty(),
                    amber.embedding(),
                    amber.layerPrefix(),
                    amber.layer(),
                    amber.finalNorm(),
                    amber.head());
        }

        @Override
        public Set<Long> eosIds() {
            return Set.of();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = WeightType.class,
            names = {"FP32", "BF16", "INT8"})
    void takes_the_page_in_every_type(WeightType type, @TempDir Path temp) throws IOException {
        TinyAmber.of(TinyAmber.sizes()).writeTo(temp.resolve("fp32"));
        Path model = temp.resolve("bf16");
        CheckpointConverter.builder()
                .setSource(temp.resolve("fp32"))
                .setTarget(model)
                .optType(TensorType.BF16)
                .build()
                .convert();
        AmberConfig config = AmberConfig.read(model.resolve("config.json"));
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            CausalDecoder bare = new Bare(config);
            WeightLoader.load(bare, model, manager, type, null);
            CausalDecoder amber = new Amber(config);
            WeightLoader.load(amber, model, manager, type, null);
            float[] actual = Decoding.oneByOne(bare, manager, IDS, true).toFloatArray();
            assertThat(actual)
                    .containsExactly(Decoding.oneByOne(amber, manager, IDS, false).toFloatArray());
            if (type != WeightType.FP32 && InferenceBackend.find().isPresent()) {
                assertThat(Decoding.oneByOne(amber, manager, IDS, true).toFloatArray())
                        .as("kernels, which sum in another order")
                        .isNotEqualTo(actual);
            }
        }
    }
}
