package ai.llm360.analysis.evaluate;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.catalogue.PublishedCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The model that results are of.
 *
 * @param reference the reference as it was given
 * @param checkpoint the checkpoint that it stands for, as a reference
 * @param step the step after which it was saved, if that is known
 * @param tokens the number of tokens that it was trained on, if that is known
 * @param repository the Hub's repository, if it comes from one
 * @param revision the branch there
 * @param commit the commit there, if it lies in the Hub's cache
 * @param parameters the number of parameters
 * @param type the type in which the weights are held, such as {@code float32}
 * @param contextLength the largest number of tokens in one pass
 * @param bos the start token, if the tokenizer has one
 * @param eos the end token, if it has one
 */
public record EvaluatedModel(
        String reference,
        String checkpoint,
        OptionalLong step,
        OptionalLong tokens,
        Optional<String> repository,
        Optional<String> revision,
        Optional<String> commit,
        long parameters,
        String type,
        int contextLength,
        Optional<Token> bos,
        Optional<Token> eos) {

    /**
     * A token of the tokenizer.
     *
     * @param text the token
     * @param id its id
     */
    public record Token(String text, long id) {}

    /**
     * Describes a checkpoint that was loaded.
     *
     * @param reference the reference as it was given, perhaps with adapters
     * @param entry the checkpoint
     * @param generator the loaded model with its tokenizer
     * @param type the type that it was loaded as; the checkpoint's own if empty
     */
    public static EvaluatedModel of(
            String reference,
            CheckpointEntry entry,
            TextGenerator generator,
            Optional<WeightType> type)
            throws ModelNotFoundException, IOException {
        Optional<PublishedCheckpoint> published = entry.published();
        try (Checkpoint checkpoint = entry.open()) {
            return new EvaluatedModel(
                    reference,
                    entry.reference(),
                    entry.step(),
                    entry.tokens(),
                    published.map(PublishedCheckpoint::repository),
                    published.map(PublishedCheckpoint::revision),
                    entry.directory().flatMap(EvaluatedModel::commit),
                    checkpoint.parameterCount(),
                    type.map(EvaluatedModel::name).orElseGet(() -> type(checkpoint)),
                    generator.model().contextLength(),
                    token(generator.tokenizer(), generator.tokenizer().bosId()),
                    token(generator.tokenizer(), generator.tokenizer().eosId()));
        }
    }

    /** The Hub's cache keeps a commit's files in {@code snapshots/<commit>}. */
    private static Optional<String> commit(Path directory) {
        Path parent = directory.toAbsolutePath().getParent();
        return parent != null && parent.endsWith("snapshots")
                ? Optional.of(directory.getFileName().toString())
                : Optional.empty();
    }

    private static String type(Checkpoint checkpoint) {
        return checkpoint.tensors().values().stream()
                .max(Comparator.comparingLong(tensor -> tensor.shape().size()))
                .map(tensor -> name(WeightType.of(tensor.type())))
                .orElse("unknown");
    }

    private static String name(WeightType type) {
        return switch (type) {
            case FP32 -> "float32";
            case BF16 -> "bfloat16";
            case FP16 -> "float16";
            case INT8 -> "int8";
        };
    }

    private static Optional<Token> token(Tokenizer tokenizer, OptionalLong id) {
        return id.isEmpty()
                ? Optional.empty()
                : Optional.of(new Token(tokenizer.token(id.getAsLong()), id.getAsLong()));
    }
}
