package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Computes a decoder's inference on the CPU otherwise than libtorch by the decoder's page: bfloat16
 * or int8 weights, from the embeddings to the logits.
 *
 * <p>Implementations are found by {@link ServiceLoader}, and nothing depends on any: where there is
 * none, or none that {@link #supports} a decoder, its page computes.
 */
public interface InferenceBackend {

    /** Returns whether this machine can run it, and the user wants it. */
    boolean usable();

    /**
     * Returns whether it computes decoders of a layout: their rules describe all that it has to
     * know, and its kernels are made for such sizes.
     */
    boolean supports(DecoderLayout layout);

    /**
     * Rounds a matrix to int8, to nearest, ties to even, with the bits that libtorch gives.
     *
     * @param matrix float32 or bfloat16, (O, I), or (I, O) if {@code transposed}; 2 GB at most
     * @param half whether it is bfloat16
     * @param transposed whether it is stored [in, out]
     * @param rounded what is written
     */
    void round(NDArray matrix, boolean half, boolean transposed, Int8Weights.Matrix rounded);

    /**
     * Prepares to compute a decoder.
     *
     * @param layout the decoder's layout, which is supported
     * @param rotaryTables the cosines and sines of all positions' angles, float32 (positions, R)
     * @param int8 gives the matrices in int8; absent where they are the bfloat16 parameters
     * @param manager owns what is made of the weights; it is closed when nothing computes
     */
    Decoder open(
            DecoderLayout layout,
            NDArray[] rotaryTables,
            Optional<Int8Weights> int8,
            NDManager manager);

    /** Computes one decoder, for several threads at once. */
    interface Decoder {

        /**
         * Returns whether it takes a number of rows, counted over all sequences.
         *
         * @return false if the page is to compute so many
         */
        boolean takes(long rows);

        /**
         * Begins a pass through the layers.
         *
         * @param scope owns what the pass makes
         * @param x the residual stream, float32 (B, T, C), which each layer changes
         * @param cache the cache that the sequences continue, or {@code null} where they are whole
         * @param rows for each sequence its row in the cache
         * @param start for each sequence its number of positions in the cache so far
         */
        Pass begin(NDManager scope, NDArray x, KvCache cache, long[] rows, long[] start);

        /**
         * Computes the final norm and the head.
         *
         * @param scope owns the result
         * @param x the last layer's output, (B, T, C)
         * @param weights the final norm's parameters, then the head's
         * @return float32 (B, T, V)
         */
        NDArray logits(NDManager scope, NDArray x, List<Parameter> weights);
    }

    /** Computes the layers of one pass, in order, in one thread. */
    interface Pass extends AutoCloseable {

        /** Computes a layer; its weights are in the layout's order. */
        void layer(int layer, List<Parameter> weights);

        /** Frees the pass's memory. */
        @Override
        void close();
    }

    /**
     * Finds a backend that this machine can run.
     *
     * @return the backend; empty where there is none on the class path, or none that is usable
     */
    static Optional<InferenceBackend> find() {
        return InferenceBackends.FOUND.stream().filter(InferenceBackend::usable).findFirst();
    }
}
