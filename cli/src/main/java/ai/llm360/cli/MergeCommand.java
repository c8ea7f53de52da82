package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.CheckpointWriter;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.finetune.AdapterMerge;
import ai.llm360.zoo.AdaptedReference;
import ai.llm360.zoo.Criteria;
import ai.llm360.zoo.Reference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 merge}: makes one checkpoint of a base and its adapters. */
@Command(
        name = "merge",
        description = {
            "Makes one checkpoint of a base and its LoRA adapters, which needs no adapter any"
                    + " more.",
            "OUT is in the Hub's layout and appears whole or not at all; config.json and the"
                    + " tokenizer's files of the base go with it. A model of any size takes little"
                    + " memory."
        })
final class MergeCommand extends Verb {

    @Parameters(
            paramLabel = "REF+ADAPTER",
            completionCandidates = ModelNames.class,
            description =
                    "The base and an adapter's directory in PEFT's layout, or several:"
                            + " amber@ckpt-358+./my-adapter+./another. "
                            + ModelNames.REF)
    private String reference;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "OUT",
            description = "The directory to make; what is there already is never overwritten.")
    private Path target;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            converter = FileType.class,
            description = "fp32, bf16 or fp16. Default: each tensor keeps the base's own.")
    private TensorType dtype;

    @Option(
            names = "--max-shard-size",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description =
                    "The most bytes of tensors in a file: 5GB (10^9), 500MB, 2GiB (2^30)."
                            + " Default: 5GB.")
    private long maxShardBytes = CheckpointWriter.DEFAULT_MAX_SHARD_BYTES;

    private record Result(String path, List<String> adapters, long tensors, long bytes) {}

    @Override
    public Integer call() throws ModelNotFoundException, IOException {
        AdaptedReference adapted = AdaptedReference.parse(reference);
        if (adapted.adapters().isEmpty()) {
            throw new ModelNotFoundException(
                    "'%s' names no adapter: give one after its base, such as amber@ckpt-358+./my-adapter"
                            .formatted(reference));
        }
        Path base = Reference.resolve(adapted.base());
        CheckpointConverter.Builder writer =
                CheckpointConverter.builder().setTarget(target).optMaxShardBytes(maxShardBytes);
        if (dtype != null) {
            writer.optType(dtype);
        }
        try (Meter progress = new Meter(terminal())) {
            AdapterMerge.write(
                    Criteria.newBlock(adapted.base()),
                    base,
                    adapted.adapters(),
                    writer.optProgress(progress));
        }
        Result result = result(adapted);
        output.result(
                result,
                () ->
                        output.line(
                                "%s: %s, %s"
                                        .formatted(
                                                result.path(),
                                                Output.count(result.tensors(), "tensor"),
                                                ByteSize.format(result.bytes()))));
        return 0;
    }

    private Result result(AdaptedReference adapted) throws IOException {
        try (Checkpoint merged = Checkpoint.open(target)) {
            return new Result(
                    target.toString(),
                    adapted.adapters().stream().map(Path::toString).toList(),
                    merged.tensors().size(),
                    merged.byteSize());
        }
    }
}
