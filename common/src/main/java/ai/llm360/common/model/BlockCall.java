package ai.llm360.common.model;

import ai.djl.ndarray.NDList;

/**
 * An input that says itself what to do with the model.
 *
 * <p>DJL's {@code Predictor} knows one thing: it hands a translator's input to {@code
 * Block.forward}. Generating text is many forwards, so a translator wraps the whole of it in such a
 * list, and a {@link CausalDecoder} that is given one runs it instead of a forward pass.
 */
public abstract class BlockCall extends NDList {

    private static final long serialVersionUID = 1L;

    /** Creates the call. It holds no arrays. */
    protected BlockCall() {}

    /**
     * Runs the call.
     *
     * @return what the translator's {@code processOutput} receives
     */
    protected abstract NDList run(CausalDecoder model);

    /** {@inheritDoc} DJL skips the forward pass of an empty list, so a call is never empty. */
    @Override
    public final boolean isEmpty() {
        return false;
    }
}
