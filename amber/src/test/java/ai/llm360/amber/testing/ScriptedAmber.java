package ai.llm360.amber.testing;

import java.util.Arrays;

/**
 * A model of the LLaMA architecture in which each token alone decides the next: its layers add
 * nothing, and embedding and head hold a table.
 */
public final class ScriptedAmber {

    private static final int HIDDEN = 32;

    private ScriptedAmber() {}

    /**
     * Returns a model that follows a script.
     *
     * @param vocabulary the number of ids
     * @param script pairs of a token and the one that follows it, at most 32
     */
    public static TinyAmber of(int vocabulary, long[][] script) {
        TinyAmber model =
                TinyAmber.of(TinyAmber.sizes().setVocabularySize(vocabulary).setHiddenSize(HIDDEN));
        for (int layer = 0; layer < model.config().layers(); layer++) {
            for (String output : new String[] {"self_attn.o_proj", "mlp.down_proj"}) {
                Arrays.fill(model.weight("model.layers." + layer + "." + output + ".weight"), 0);
            }
        }
        float[] embedding = model.weight("model.embed_tokens.weight");
        float[] head = model.weight("lm_head.weight");
        Arrays.fill(embedding, 0);
        Arrays.fill(head, 0);
        Arrays.fill(model.weight("model.norm.weight"), 1);
        for (int i = 0; i < script.length; i++) {
            embedding[(int) script[i][0] * HIDDEN + i] = 1;
            head[(int) script[i][1] * HIDDEN + i] = 1;
        }
        return model;
    }
}
