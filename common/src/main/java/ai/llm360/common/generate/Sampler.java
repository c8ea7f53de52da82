package ai.llm360.common.generate;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.model.CausalLanguageModel;
import ai.llm360.common.torch.TorchScript;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Chooses next tokens on the model's device: of the logits, nothing but the chosen ids and their
 * log-probabilities reaches Java.
 */
final class Sampler {

    private final TorchScript page;
    private final GenerationConfig config;
    private final NDArray seen; // (rows, V): the tokens that each row holds, for the penalty
    private final SplittableRandom[] random;

    Sampler(CausalLanguageModel model, NDManager manager, GenerationConfig config, int rows) {
        this.config = config;
        page = page(model);
        boolean penalised = config.repetitionPenalty() != 1;
        seen =
                manager.zeros(
                        new Shape(rows, penalised ? model.vocabularySize() : 1), DataType.BOOLEAN);
        random = new SplittableRandom[rows];
        Arrays.setAll(random, row -> new SplittableRandom(config.seed() + row));
    }

    static TorchScript page(CausalLanguageModel model) {
        return model.page(TorchScript.source(Sampler.class, "sampler.torchscript"));
    }

    /** Notes a row's prompt, whose tokens the repetition penalty counts as seen. */
    void prompt(NDManager scope, int row, long[] ids) {
        if (config.repetitionPenalty() != 1) {
            page.infer(scope, "mark", seen, row, scope.create(ids));
        }
    }

    /**
     * Chooses a token for each of some rows.
     *
     * @return R pairs: the token, and its log-probability, which is NaN if one of the row's logits
     *     isn't finite
     */
    double[] choose(NDManager scope, NDArray logits, int[] slots) {
        double[] uniform = Arrays.stream(slots).mapToDouble(s -> random[s].nextDouble()).toArray();
        long[] rows = Arrays.stream(slots).asLongStream().toArray();
        return page.infer(
                        scope,
                        "choose",
                        logits,
                        seen,
                        scope.create(uniform),
                        scope.create(rows),
                        config.repetitionPenalty(),
                        config.temperature(),
                        config.topK(),
                        config.topP())
                .toDoubleArray();
    }

    /**
     * Says that logits are NaN or infinite, and where that begins.
     *
     * @param where whose logits they are
     * @param ids the tokens that the model read; attention lets a later one spoil an earlier one's
     */
    static IllegalStateException notFinite(CausalLanguageModel model, String where, long[] ids) {
        String message = "the model's logits are not finite: " + where;
        try {
            message +=
                    "; "
                            + model.firstNotFinite(ids)
                                    .map(first -> first + " is the first to give NaN or infinity")
                                    .orElse("its layers give finite numbers, so it is the head");
        } catch (RuntimeException e) {
            message += "; where it begins can't be told: " + e.getMessage();
        }
        return new IllegalStateException(
                message
                        + ". The weights may be damaged ('llm360 verify' reads them all), or too"
                        + " large for fp16: load the model as bf16 or fp32");
    }
}
