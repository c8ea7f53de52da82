package ai.llm360.amber.testing;

import ai.llm360.amber.AmberConfig;

/**
 * The LLaMA architecture as the paper states it, in plain loops of doubles: slow, and independent
 * of every kernel that the block uses.
 */
public final class NaiveLlama {

    private final TinyAmber model;
    private final AmberConfig config;

    public NaiveLlama(TinyAmber model) {
        this.model = model;
        config = model.config();
    }

    /** Returns the logits of every position: (T, V). */
    public double[][] logits(long[] ids) {
        int hidden = config.hiddenSize();
        double[][] x = new double[ids.length][hidden];
        float[] table = model.weight("model.embed_tokens.weight");
        for (int t = 0; t < ids.length; t++) {
            for (int c = 0; c < hidden; c++) {
                x[t][c] = table[(int) ids[t] * hidden + c];
            }
        }
        for (int layer = 0; layer < config.layers(); layer++) {
            String prefix = "model.layers." + layer + ".";
            add(x, attention(norm(x, prefix + "input_layernorm.weight"), prefix + "self_attn."));
            double[][] h = norm(x, prefix + "post_attention_layernorm.weight");
            double[][] gate = linear(h, prefix + "mlp.gate_proj.weight");
            double[][] up = linear(h, prefix + "mlp.up_proj.weight");
            for (int t = 0; t < gate.length; t++) {
                for (int f = 0; f < gate[t].length; f++) {
                    gate[t][f] = gate[t][f] / (1 + Math.exp(-gate[t][f])) * up[t][f];
                }
            }
            add(x, linear(gate, prefix + "mlp.down_proj.weight"));
        }
        String head = config.tiedEmbeddings() ? "model.embed_tokens.weight" : "lm_head.weight";
        return linear(norm(x, "model.norm.weight"), head);
    }

    private double[][] attention(double[][] x, String prefix) {
        int dim = config.headDim();
        double[][] q = rotate(linear(x, prefix + "q_proj.weight"));
        double[][] k = rotate(linear(x, prefix + "k_proj.weight"));
        double[][] v = linear(x, prefix + "v_proj.weight");
        double[][] out = new double[x.length][q[0].length];
        int group = config.heads() / config.keyValueHeads();
        for (int head = 0; head < config.heads(); head++) {
            int from = head * dim;
            int shared = head / group * dim;
            for (int t = 0; t < x.length; t++) {
                double[] p = new double[t + 1];
                double sum = 0;
                for (int s = 0; s <= t; s++) {
                    double dot = 0;
                    for (int d = 0; d < dim; d++) {
                        dot += q[t][from + d] * k[s][shared + d];
                    }
                    p[s] = Math.exp(dot / Math.sqrt(dim));
                    sum += p[s];
                }
                for (int s = 0; s <= t; s++) {
                    for (int d = 0; d < dim; d++) {
                        out[t][from + d] += p[s] / sum * v[s][shared + d];
                    }
                }
            }
        }
        return linear(out, prefix + "o_proj.weight");
    }

    private double[][] rotate(double[][] x) {
        int dim = config.headDim();
        double[][] out = new double[x.length][x[0].length];
        for (int t = 0; t < x.length; t++) {
            for (int from = 0; from < x[t].length; from += dim) {
                for (int i = 0; i < dim / 2; i++) {
                    double angle = t * Math.pow(config.ropeTheta(), -2.0 * i / dim);
                    double a = x[t][from + i];
                    double b = x[t][from + i + dim / 2];
                    out[t][from + i] = a * Math.cos(angle) - b * Math.sin(angle);
                    out[t][from + i + dim / 2] = b * Math.cos(angle) + a * Math.sin(angle);
                }
            }
        }
        return out;
    }

    private double[][] norm(double[][] x, String weight) {
        float[] gain = model.weight(weight);
        double[][] out = new double[x.length][gain.length];
        for (int t = 0; t < x.length; t++) {
            double square = 0;
            for (double value : x[t]) {
                square += value * value;
            }
            double scale = 1 / Math.sqrt(square / gain.length + config.rmsNormEps());
            for (int c = 0; c < gain.length; c++) {
                out[t][c] = gain[c] * x[t][c] * scale;
            }
        }
        return out;
    }

    private double[][] linear(double[][] x, String weight) {
        float[] w = model.weight(weight);
        int inputs = x[0].length;
        double[][] out = new double[x.length][w.length / inputs];
        for (int t = 0; t < x.length; t++) {
            for (int o = 0; o < out[t].length; o++) {
                for (int i = 0; i < inputs; i++) {
                    out[t][o] += w[o * inputs + i] * x[t][i];
                }
            }
        }
        return out;
    }

    private static void add(double[][] x, double[][] y) {
        for (int t = 0; t < x.length; t++) {
            for (int c = 0; c < x[t].length; c++) {
                x[t][c] += y[t][c];
            }
        }
    }
}
