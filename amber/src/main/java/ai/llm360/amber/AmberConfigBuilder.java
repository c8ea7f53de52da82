package ai.llm360.amber;

import ai.llm360.common.checkpoint.TensorType;
import java.util.List;
import java.util.Optional;

/** Builds an {@link AmberConfig}; the defaults are Amber's. */
public final class AmberConfigBuilder {

    private int vocabularySize;
    private int hiddenSize;
    private int intermediateSize;
    private int layers;
    private int heads;
    private int keyValueHeads = 0;
    private int headDim = 0;
    private int contextLength = 2048;
    private double rmsNormEps = 1e-6;
    private double ropeTheta = 10000;
    private boolean tiedEmbeddings = false;
    private double initializerRange = 0.02;
    private Optional<Long> bosTokenId = Optional.of(1L);
    private List<Long> eosTokenIds = List.of(2L);
    private Optional<Long> padTokenId = Optional.of(0L);
    private Optional<TensorType> dtype = Optional.empty();

    AmberConfigBuilder() {}

    /**
     * Sets the number of tokens.
     *
     * @param vocabularySize the value
     * @return this builder
     */
    public AmberConfigBuilder setVocabularySize(int vocabularySize) {
        this.vocabularySize = vocabularySize;
        return this;
    }

    /**
     * Sets the width of the residual stream.
     *
     * @param hiddenSize the value
     * @return this builder
     */
    public AmberConfigBuilder setHiddenSize(int hiddenSize) {
        this.hiddenSize = hiddenSize;
        return this;
    }

    /**
     * Sets the width of the feed-forward layers.
     *
     * @param intermediateSize the value
     * @return this builder
     */
    public AmberConfigBuilder setIntermediateSize(int intermediateSize) {
        this.intermediateSize = intermediateSize;
        return this;
    }

    /**
     * Sets the number of decoder layers.
     *
     * @param layers the value
     * @return this builder
     */
    public AmberConfigBuilder setLayers(int layers) {
        this.layers = layers;
        return this;
    }

    /**
     * Sets the number of attention heads.
     *
     * @param heads the value
     * @return this builder
     */
    public AmberConfigBuilder setHeads(int heads) {
        this.heads = heads;
        return this;
    }

    /**
     * Sets the number of key and value heads; by default that of the heads.
     *
     * @param keyValueHeads the value
     * @return this builder
     */
    public AmberConfigBuilder optKeyValueHeads(int keyValueHeads) {
        this.keyValueHeads = keyValueHeads;
        return this;
    }

    /**
     * Sets the size of a head; by default the hidden size divided by the heads.
     *
     * @param headDim the value
     * @return this builder
     */
    public AmberConfigBuilder optHeadDim(int headDim) {
        this.headDim = headDim;
        return this;
    }

    /**
     * Sets the largest number of positions.
     *
     * @param contextLength the value
     * @return this builder
     */
    public AmberConfigBuilder optContextLength(int contextLength) {
        this.contextLength = contextLength;
        return this;
    }

    /**
     * Sets what RMSNorm adds to the mean square.
     *
     * @param rmsNormEps the value
     * @return this builder
     */
    public AmberConfigBuilder optRmsNormEps(double rmsNormEps) {
        this.rmsNormEps = rmsNormEps;
        return this;
    }

    /**
     * Sets the base of the rotary angles.
     *
     * @param ropeTheta the value
     * @return this builder
     */
    public AmberConfigBuilder optRopeTheta(double ropeTheta) {
        this.ropeTheta = ropeTheta;
        return this;
    }

    /**
     * Sets whether the head is the embedding table.
     *
     * @param tiedEmbeddings the value
     * @return this builder
     */
    public AmberConfigBuilder optTiedEmbeddings(boolean tiedEmbeddings) {
        this.tiedEmbeddings = tiedEmbeddings;
        return this;
    }

    /**
     * Sets the standard deviation of fresh weights.
     *
     * @param initializerRange the value
     * @return this builder
     */
    public AmberConfigBuilder optInitializerRange(double initializerRange) {
        this.initializerRange = initializerRange;
        return this;
    }

    /**
     * Sets the token that starts a text, or null.
     *
     * @param bosTokenId the value
     * @return this builder
     */
    public AmberConfigBuilder optBosTokenId(Long bosTokenId) {
        this.bosTokenId = Optional.ofNullable(bosTokenId);
        return this;
    }

    /**
     * Sets the tokens that end a text.
     *
     * @param eosTokenIds the value
     * @return this builder
     */
    public AmberConfigBuilder optEosTokenIds(List<Long> eosTokenIds) {
        this.eosTokenIds = eosTokenIds;
        return this;
    }

    /**
     * Sets the token that fills a batch, or null.
     *
     * @param padTokenId the value
     * @return this builder
     */
    public AmberConfigBuilder optPadTokenId(Long padTokenId) {
        this.padTokenId = Optional.ofNullable(padTokenId);
        return this;
    }

    /**
     * Sets the type that the weights are published in, or null.
     *
     * @param dtype the value
     * @return this builder
     */
    public AmberConfigBuilder optDtype(TensorType dtype) {
        this.dtype = Optional.ofNullable(dtype);
        return this;
    }

    /**
     * Builds the configuration.
     *
     * @return the configuration
     * @throws IllegalArgumentException if the values don't fit together
     */
    public AmberConfig build() {
        int dim = headDim;
        if (dim == 0 && heads > 0) {
            if (hiddenSize % heads != 0) {
                throw new IllegalArgumentException(
                        "hidden_size (%d) must be a multiple of num_attention_heads (%d) where head_dim isn't given"
                                .formatted(hiddenSize, heads));
            }
            dim = hiddenSize / heads;
        }
        return new AmberConfig(
                vocabularySize,
                hiddenSize,
                intermediateSize,
                layers,
                heads,
                keyValueHeads == 0 ? heads : keyValueHeads,
                dim,
                contextLength,
                rmsNormEps,
                ropeTheta,
                tiedEmbeddings,
                initializerRange,
                bosTokenId,
                eosTokenIds,
                padTokenId,
                dtype);
    }
}
