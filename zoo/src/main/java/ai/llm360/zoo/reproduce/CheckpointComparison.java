package ai.llm360.zoo.reproduce;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.zoo.source.SeriesCheckpoint;
import ai.llm360.zoo.source.TensorHashes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * Compares a checkpoint that was trained anew with the one that was published.
 *
 * <p>The same recipe and data give the same bits on the same kind of machine. On another, sums are
 * taken in another order and differ in their last bits, and every step makes such differences
 * larger. So where the bits differ, what counts is by how much the weights and the loss do.
 *
 * @param checkpoint the checkpoint's name
 * @param step the optimizer steps done
 * @param tensors how many tensors it has
 * @param equalTensors how many of them have the published float32 bits
 * @param largestDifference between two weights, both rounded to bfloat16 as the published ones are
 * @param differingMost the tensor of that difference, or null if all weights are equal
 * @param publishedLoss the published training loss
 * @param loss the training loss now
 */
public record CheckpointComparison(
        String checkpoint,
        long step,
        int tensors,
        int equalTensors,
        double largestDifference,
        String differingMost,
        double publishedLoss,
        double loss) {

    /** {@return whether training gave the published bits} */
    public boolean identical() {
        return equalTensors == tensors;
    }

    /** {@return the loss now less the published one, in nats a token} */
    public double lossDifference() {
        return loss - publishedLoss;
    }

    /**
     * Compares a checkpoint.
     *
     * @param published what is known of the published one
     * @param publishedWeights its weights, in bfloat16
     * @param trainedWeights the weights that were trained anew, in float32
     * @param loss their training loss
     * @throws CheckpointException if the two don't have the same tensors
     */
    public static CheckpointComparison of(
            SeriesCheckpoint published, Path publishedWeights, Path trainedWeights, double loss)
            throws IOException {
        int equal = 0;
        double largest = 0;
        String differing = null;
        try (Checkpoint before = Checkpoint.open(publishedWeights);
                Checkpoint now = Checkpoint.open(trainedWeights)) {
            requireSameTensors(published, before);
            requireSameTensors(published, now);
            for (String name : published.tensors().keySet()) {
                String hash = TensorHashes.of(now, name, TensorType.F32);
                if (hash.equals(published.tensors().get(name).trained())) {
                    equal++;
                    continue;
                }
                double difference = largestDifference(before, now, name);
                if (Double.compare(difference, largest) > 0) { // NaN counts as the largest
                    largest = difference;
                    differing = name;
                }
            }
        }
        return new CheckpointComparison(
                published.name(),
                published.step(),
                published.tensors().size(),
                equal,
                largest,
                differing,
                published.loss(),
                loss);
    }

    private static void requireSameTensors(SeriesCheckpoint published, Checkpoint checkpoint)
            throws IOException {
        if (!checkpoint.tensors().keySet().equals(published.tensors().keySet())) {
            throw new CheckpointException(
                    checkpoint.location(),
                    "has the tensors %s; the published %s has %s"
                            .formatted(
                                    checkpoint.tensors().keySet(),
                                    published.name(),
                                    published.tensors().keySet()));
        }
    }

    private static double largestDifference(Checkpoint before, Checkpoint now, String name)
            throws IOException {
        if (!before.get(name).shape().equals(now.get(name).shape())) {
            throw new CheckpointException(
                    now.location(),
                    "%s has shape %s; the published one has %s"
                            .formatted(name, now.get(name).shape(), before.get(name).shape()));
        }
        ByteBuffer left = before.read(name, TensorType.BF16);
        ByteBuffer right = now.read(name, TensorType.BF16);
        double largest = 0;
        while (left.hasRemaining()) {
            double difference = Math.abs(bfloat16(left) - bfloat16(right));
            if (Double.compare(difference, largest) > 0) {
                largest = difference;
            }
        }
        return largest;
    }

    private static double bfloat16(ByteBuffer littleEndian) {
        int low = littleEndian.get() & 0xFF;
        return Float.intBitsToFloat((littleEndian.get() << 8 | low) << 16);
    }
}
