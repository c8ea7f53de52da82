package ai.llm360.zoo.reproduce;

import ai.llm360.common.torch.Machine;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Compares a run with the published series of its recipe.
 *
 * @param publishedOn the machine that made the series
 * @param madeOn the machine of the run
 * @param checkpoints how each checkpoint compares, first to last
 */
public record ReproductionResult(
        Machine publishedOn, Machine madeOn, List<CheckpointComparison> checkpoints) {

    /**
     * By how much the training loss of a chunk, in nats a token, may differ on another machine.
     *
     * <p>A judgement: between amber-nano's last two chunks the loss falls by 0.05, so a run within
     * this is at most about a chunk ahead or behind.
     */
    public static final double LOSS_TOLERANCE = 0.05;

    /** Checks what was given. */
    public ReproductionResult {
        checkpoints = List.copyOf(checkpoints);
    }

    /** {@return whether all checkpoints have the published bits} */
    public boolean identical() {
        return checkpoints.stream().allMatch(CheckpointComparison::identical);
    }

    /**
     * Returns whether the run counts as the same: with the same bits, or, on another machine, with
     * losses within {@link #LOSS_TOLERANCE}. In the portable mode every x86-64 Linux is the same.
     */
    public boolean reproduced() {
        return identical()
                || (!publishedOn.differences(madeOn).isEmpty()
                        && largestLossDifference() <= LOSS_TOLERANCE);
    }

    /** {@return the checkpoint that has the largest difference between two weights} */
    public CheckpointComparison differingMost() {
        return checkpoints.stream()
                .max(Comparator.comparingDouble(CheckpointComparison::largestDifference))
                .orElseThrow();
    }

    /** {@return the difference, in nats a token; NaN if a loss is NaN} */
    public double largestLossDifference() {
        return checkpoints.stream()
                .mapToDouble(checkpoint -> Math.abs(checkpoint.lossDifference()))
                .max()
                .orElseThrow();
    }

    /** Says in a sentence or two what was found, and where there are differences, why. */
    public String explanation() {
        if (identical()) {
            return "All tensors of all %d checkpoints are equal, bit for bit."
                    .formatted(checkpoints.size());
        }
        CheckpointComparison most = differingMost();
        String differences =
                String.format(
                        Locale.ROOT,
                        "The weights differ by at most %.2g (%s of %s), the losses by at most"
                                + " %.4f.",
                        most.largestDifference(),
                        most.differingMost(),
                        most.checkpoint(),
                        largestLossDifference());
        return differences + " " + reason();
    }

    private String reason() {
        List<String> others = publishedOn.differences(madeOn);
        if (others.isEmpty() && madeOn.isPortable()) {
            return "The series was made in the portable mode, so the bits should be equal on this x86-64 Linux as on any (it has %s, the series was made on %s)."
                    .formatted(madeOn.processor(), publishedOn.processor());
        }
        if (others.isEmpty()) {
            return "This machine is of the kind that made the series (%s), so the bits should be equal."
                    .formatted(publishedOn.processor());
        }
        if (publishedOn.isPortable() && !madeOn.isPortable()) {
            return "The series has the same bits wherever it is made on x86-64 Linux, in the portable mode, which this wasn't (%s). %s (tolerance %s)."
                    .formatted(String.join("; ", others), agreement(), LOSS_TOLERANCE);
        }
        return "This is another machine than the one that made the series (%s): its kernels sum in another order, and each step makes the differences in the last bits larger. %s (tolerance %s)."
                .formatted(String.join("; ", others), agreement(), LOSS_TOLERANCE);
    }

    private String agreement() {
        return reproduced() ? "The losses agree" : "The losses don't agree";
    }
}
