package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.CheckpointWriter;
import ai.llm360.common.checkpoint.IgnoreRule;
import ai.llm360.common.checkpoint.ModelConfig;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.zoo.Criteria;
import ai.llm360.zoo.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 convert}: rewrites a checkpoint as safetensors. */
@Command(
        name = "convert",
        description = {
            "Rewrites a checkpoint as safetensors, in another type if asked.",
            "OUT appears whole or not at all. config.json and the tokenizer's files go with it;"
                    + " buffers that the model computes itself, such as rotary frequencies, don't."
        })
final class ConvertCommand extends Verb {

    @Parameters(
            index = "0",
            paramLabel = "REF",
            completionCandidates = ModelNames.class,
            description = ModelNames.REF + " A path may also be one file's.")
    private String reference;

    @Parameters(
            index = "1",
            paramLabel = "OUT",
            description = "The directory to make; what is there already is never overwritten.")
    private Path target;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            converter = FileType.class,
            description = "fp32, bf16 or fp16. Default: each tensor keeps its own.")
    private TensorType dtype;

    @Option(
            names = "--max-shard-size",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description =
                    "The most bytes of tensors in a file: 5GB (10^9), 500MB, 2GiB (2^30)."
                            + " Default: 5GB.")
    private long maxShardBytes = CheckpointWriter.DEFAULT_MAX_SHARD_BYTES;

    private record Result(
            String path,
            String layout,
            List<String> shards,
            long tensors,
            long parameters,
            long bytes,
            List<String> dropped) {}

    @Override
    public Integer call() throws ModelNotFoundException, IOException {
        Path source = Reference.resolve(reference);
        List<IgnoreRule> rules = rules(source);
        CheckpointConverter.Builder converter =
                CheckpointConverter.builder()
                        .setSource(source)
                        .setTarget(target)
                        .optMaxShardBytes(maxShardBytes)
                        .optIgnored(rules);
        if (dtype != null) {
            converter.optType(dtype);
        }
        try (Meter progress = new Meter(terminal())) {
            converter.optProgress(progress).build().convert();
        }
        Result result = result(source);
        output.result(result, () -> print(result));
        return 0;
    }

    /** Returns the rules for what the model has no use for; none where the zoo doesn't know it. */
    private static List<IgnoreRule> rules(Path source) throws IOException {
        Path config = source.resolve("config.json");
        if (!Files.isRegularFile(config)) {
            return List.of();
        }
        try {
            return Criteria.newBlockOf(ModelConfig.read(config).toJson()).ignoredTensors();
        } catch (IllegalArgumentException e) {
            return List.of();
        }
    }

    private Result result(Path source) throws IOException {
        try (Checkpoint before = Checkpoint.open(source);
                Checkpoint after = Checkpoint.open(target)) {
            return new Result(
                    target.toString(),
                    after.layout().name().toLowerCase(Locale.ROOT),
                    after.shards().stream().map(file -> file.getFileName().toString()).toList(),
                    after.tensors().size(),
                    after.parameterCount(),
                    after.byteSize(),
                    before.tensors().keySet().stream()
                            .filter(name -> !after.tensors().containsKey(name))
                            .toList());
        }
    }

    private void print(Result result) {
        int dropped = result.dropped().size();
        output.line(
                "%s: %s, %s, in %s%s"
                        .formatted(
                                result.path(),
                                Output.count(result.tensors(), "tensor"),
                                ByteSize.format(result.bytes()),
                                Output.count(result.shards().size(), "file"),
                                dropped == 0
                                        ? ""
                                        : "; left out %d that the model has no use for, such as %s"
                                                .formatted(dropped, result.dropped().get(0))));
    }
}
