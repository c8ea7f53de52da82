package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;

/**
 * The mean cross-entropy of every next token, in nats, for DJL's {@code Trainer}: labels (B, T) of
 * token ids, predictions (B, T, V) of logits. DJL's own loss takes no more than one position a row.
 */
public final class NextTokenLoss extends SoftmaxCrossEntropyLoss {

    /** Creates the loss. */
    public NextTokenLoss() {
        super("NextTokenLoss");
    }

    @Override
    public NDArray evaluate(NDList labels, NDList predictions) {
        NDArray logits = predictions.singletonOrThrow();
        long vocabulary = logits.getShape().get(2);
        NDArray rows = logits.reshape(new Shape(-1, vocabulary));
        return super.evaluate(
                new NDList(labels.singletonOrThrow().reshape(new Shape(-1))), new NDList(rows));
    }
}
