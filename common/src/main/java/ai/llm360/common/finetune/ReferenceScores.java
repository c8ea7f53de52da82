package ai.llm360.common.finetune;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointWriter;
import ai.llm360.common.checkpoint.TensorSpec;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.model.DecoderGradients;
import ai.llm360.common.model.Trainable;
import ai.llm360.common.train.Batches;
import ai.llm360.common.train.Objective.Layout;
import ai.llm360.common.train.Objective.MicroBatch;
import ai.llm360.common.train.TrainingConfig;
import ai.llm360.common.train.TrainingConfig.Start;
import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * The log-probability that a run's first weights give each row's labels that count, together.
 *
 * <p>They are computed once, before the first step, as the run itself computes, and kept beside the
 * rows, in {@code references/<key>.safetensors} of the data set: a resumed run, and another one on
 * the same rows from the same weights, finds them there. The key is a hash of all that decides
 * them. Where the data set can't be written they are computed at each start.
 */
public final class ReferenceScores {

    private final Map<String, double[]> scores;

    private ReferenceScores(Map<String, double[]> scores) {
        this.scores = scores;
    }

    /** Makes the weights that a run begins with those of its decoder. */
    @FunctionalInterface
    public interface FirstWeights {

        /**
         * Loads them, if they aren't there.
         *
         * @throws IOException if they can't be read
         */
        void load() throws IOException;
    }

    /**
     * Finds the scores of a data set's rows, or computes and keeps them.
     *
     * @param config names the weights, the data's part and the precision
     * @param dataset the rows
     * @param trainable the decoder that the run trains
     * @param manager the manager of its weights
     * @param first called where there is something to compute
     * @return the scores
     * @throws ai.llm360.common.checkpoint.CheckpointException if kept scores are damaged
     * @throws IOException if rows or weights can't be read, or scores can't be written
     */
    public static ReferenceScores of(
            TrainingConfig config,
            TokenDataset dataset,
            Trainable trainable,
            NDManager manager,
            FirstWeights first)
            throws IOException {
        Optional<Path> file = file(config, dataset);
        if (file.isPresent() && Files.exists(file.get())) {
            return read(file.get());
        }
        first.load();
        Map<String, double[]> scores = new LinkedHashMap<>();
        boolean bfloat16 = config.precision() == TrainingConfig.Precision.BF16;
        int rows = config.batch().micro() * config.objective().rows();
        try (DecoderGradients decoder = new DecoderGradients(trainable, bfloat16, 0)) {
            for (int i = 0; i < chunks(config, dataset); i++) {
                try (TokenChunk chunk = dataset.openChunk(i)) {
                    if (!scores.containsKey(name(chunk))) { // several chunks may be one file
                        scores.put(name(chunk), compute(chunk, rows, manager, decoder));
                    }
                }
            }
            for (String source : dataset.validationSources()) {
                try (TokenChunk chunk = dataset.openValidation(source)) {
                    scores.put(name(chunk), compute(chunk, rows, manager, decoder));
                }
            }
        }
        if (file.isPresent() && Files.isWritable(dataset.directory())) {
            write(file.get(), scores);
        }
        return new ReferenceScores(scores);
    }

    private static int chunks(TrainingConfig config, TokenDataset dataset) {
        int chosen = config.data().chunks();
        return chosen == 0 ? dataset.chunkCount() : chosen;
    }

    /** Weights that nothing identifies have no place in the cache. */
    private static Optional<Path> file(TrainingConfig config, TokenDataset dataset) {
        return config.start()
                .flatMap(Start::sha256)
                .map(
                        weights -> {
                            String key =
                                    "%s %s %d %s %d"
                                            .formatted(
                                                    weights,
                                                    dataset.manifest().digest(),
                                                    chunks(config, dataset),
                                                    config.precision(),
                                                    config.batch().micro());
                            String name = Hashes.sha256(key).substring(0, 32) + ".safetensors";
                            return dataset.directory().resolve("references").resolve(name);
                        });
    }

    private static double[] compute(
            TokenChunk chunk, int rows, NDManager manager, DecoderGradients decoder) {
        if (!chunk.hasMask()) {
            throw new ConfigException(
                    "%s has no masks, so nothing tells an answer from its prompt; objective.kind dpo needs pairs of answers"
                            .formatted(chunk.file()));
        }
        double[] scores = new double[Math.toIntExact(chunk.rows())];
        for (int at = 0; at < scores.length; at += rows) {
            long[] some = LongStream.range(at, Math.min(at + rows, scores.length)).toArray();
            try (MicroBatch batch = Batches.of(manager, chunk, some, Layout.TRIMMED)) {
                double[] part = decoder.logProbabilities(batch.tokens());
                System.arraycopy(part, 0, scores, at, part.length);
            }
        }
        return scores;
    }

    /** Returns a file's name as the manifest has it, such as {@code chunks/chunk-000.rows}. */
    private static String name(TokenChunk chunk) {
        Path file = chunk.file();
        return file.getParent().getFileName() + "/" + file.getFileName();
    }

    private static ReferenceScores read(Path file) throws IOException {
        Map<String, double[]> scores = new LinkedHashMap<>();
        try (Checkpoint stored = Checkpoint.open(file)) {
            for (String name : stored.tensors().keySet()) {
                ByteBuffer bytes = stored.read(name, TensorType.F64);
                double[] values = new double[bytes.remaining() / Double.BYTES];
                bytes.order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().get(values);
                scores.put(name, values);
            }
        }
        return new ReferenceScores(scores);
    }

    private static void write(Path file, Map<String, double[]> scores) throws IOException {
        Files.createDirectories(file.getParent());
        List<TensorSpec> specs = new ArrayList<>();
        scores.forEach(
                (name, values) ->
                        specs.add(new TensorSpec(name, TensorType.F64, new Shape(values.length))));
        CheckpointWriter.writeFile(
                file,
                specs,
                (tensor, out) -> {
                    double[] values = scores.get(tensor.name());
                    ByteBuffer bytes =
                            ByteBuffer.allocate(values.length * Double.BYTES)
                                    .order(ByteOrder.LITTLE_ENDIAN);
                    bytes.asDoubleBuffer().put(values);
                    out.write(bytes);
                });
    }

    /**
     * Returns the scores of some rows.
     *
     * @param chunk where they are: of the data set that the scores were made of
     * @param rows their numbers (B)
     * @return natural logarithms (B)
     */
    double[] of(TokenChunk chunk, long[] rows) {
        double[] all = scores.get(name(chunk));
        if (all == null || all.length != chunk.rows()) {
            throw new IllegalArgumentException(
                    "%s: no reference scores of its rows; they are of another data set"
                            .formatted(chunk.file()));
        }
        return LongStream.of(rows).mapToDouble(row -> all[(int) row]).toArray();
    }
}
