package ai.llm360.common.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.types.Shape;
import ai.llm360.common.testing.Fixtures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads files that PyTorch, safetensors and transformers wrote. */
class ReferenceCheckpointsTest {

    @TempDir Path folder;

    @Test
    void all_layouts_of_the_tiny_amber_hold_the_same_bits() throws IOException {
        Path amber = Fixtures.shared("fixtures/amber-tiny");
        try (Checkpoint whole = Checkpoint.open(amber.resolve("safetensors"));
                Checkpoint shards = Checkpoint.open(amber.resolve("safetensors-sharded"));
                Checkpoint torch = Checkpoint.open(amber.resolve("bin-sharded"));
                Checkpoint half = Checkpoint.open(amber.resolve("bf16"))) {
            assertThat(whole.layout()).isEqualTo(CheckpointLayout.SAFETENSORS);
            assertThat(shards.layout()).isEqualTo(CheckpointLayout.SHARDED_SAFETENSORS);
            assertThat(torch.layout()).isEqualTo(CheckpointLayout.SHARDED_TORCH);
            assertThat(whole.tensors()).hasSize(3 + 3 * 9);
            assertThat(whole.get("model.layers.2.mlp.down_proj.weight").shape())
                    .isEqualTo(new Shape(64, 172));
            assertThat(whole.byteSize()).isEqualTo(856832);
            assertThat(whole.parameterCount()).isEqualTo(214208);
            assertThat(shards.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(whole.tensors().keySet());
            assertThat(half.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(whole.tensors().keySet());
            assertThat(torch.tensors()).hasSize(whole.tensors().size() + 3);
            assertThat(torch.tensors()).containsKey("model.layers.2.self_attn.rotary_emb.inv_freq");
            for (String name : whole.tensors().keySet()) {
                ByteBuffer expected = whole.read(name);
                assertThat(shards.read(name)).as(name).isEqualTo(expected);
                assertThat(torch.read(name)).as(name).isEqualTo(expected);
                assertThat(torch.get(name).shape()).isEqualTo(whole.get(name).shape());
                assertThat(half.get(name).type()).isEqualTo(TensorType.BF16);
                assertThat(half.read(name)).as(name).isEqualTo(whole.read(name, TensorType.BF16));
            }
        }
    }

    @Test
    void both_layouts_of_the_tiny_crystalcoder_hold_the_same_bits() throws IOException {
        Path crystal = Fixtures.shared("fixtures/crystalcoder-tiny");
        try (Checkpoint whole = Checkpoint.open(crystal.resolve("safetensors"));
                Checkpoint torch = Checkpoint.open(crystal.resolve("bin-sharded"))) {
            for (String name : whole.tensors().keySet()) {
                assertThat(torch.read(name)).as(name).isEqualTo(whole.read(name));
                assertThat(torch.get(name).shape()).isEqualTo(whole.get(name).shape());
            }
            TensorInfo mask = torch.get("transformer.h.0.attn.bias");
            assertThat(mask.type()).isIn(TensorType.BOOL, TensorType.U8);
            assertThat(torch.get("transformer.h.0.attn.masked_bias").shape().dimension()).isZero();
            assertThat(torch.read("lm_head.weight"))
                    .isEqualTo(torch.read("transformer.wte.weight"));
            long listed = Long.parseLong(torch.metadata().get("total_size"));
            assertThat(torch.byteSize()).isEqualTo(listed);
        }
    }

    @Test
    void a_real_trained_model_is_read() throws IOException {
        try (Checkpoint stories = Checkpoint.open(Fixtures.shared("fixtures/stories260K-hf"))) {
            assertThat(stories.parameterCount()).isEqualTo(260_032);
            assertThat(stories.metadata()).containsEntry("format", "pt");
        }
    }

    @Test
    void converted_torch_shards_equal_what_transformers_saved() throws IOException {
        Path amber = Fixtures.shared("fixtures/amber-tiny");
        Path target = folder.resolve("amber-bf16");
        IgnoreRule rotary =
                new IgnoreRule(
                        "rotary-buffers",
                        Pattern.compile(".*\\.rotary_emb\\.inv_freq"),
                        "the model computes them");
        CheckpointConverter.builder()
                .setSource(amber.resolve("bin-sharded"))
                .setTarget(target)
                .optType(TensorType.BF16)
                .optMaxShardBytes(100_000)
                .optIgnored(List.of(rotary))
                .build()
                .convert();
        try (Checkpoint ours = Checkpoint.open(target);
                Checkpoint theirs = Checkpoint.open(amber.resolve("bf16"))) {
            assertThat(ours.layout()).isEqualTo(CheckpointLayout.SHARDED_SAFETENSORS);
            assertThat(ours.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(theirs.tensors().keySet());
            for (String name : theirs.tensors().keySet()) {
                assertThat(ours.read(name)).as(name).isEqualTo(theirs.read(name));
                assertThat(ours.get(name).shape()).isEqualTo(theirs.get(name).shape());
            }
        }
    }
}
