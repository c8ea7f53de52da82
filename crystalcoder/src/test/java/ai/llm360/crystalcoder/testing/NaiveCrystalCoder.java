package ai.llm360.crystalcoder.testing;

import ai.llm360.crystalcoder.CrystalCoderConfig;

/**
 * CrystalCoder's rules in plain loops of doubles, one position at a time: slow, and independent of
 * every kernel that the block uses.
 */
public final class NaiveCrystalCoder {

    private final TinyCrystalCoder model;
    private final CrystalCoderConfig config;

    public NaiveCrystalCoder(TinyCrystalCoder model) {
        this.model = model;
        config = model.config();
    }

    /** Returns the logits of every position: (T, V). */
    public double[][] logits(long[] ids) {
        int hidden = config.hiddenSize();
        float[] table = model.weight("transformer.wte.weight");
        double[][] x = new double[ids.length][hidden];
        for (int t = 0; t < ids.length; t++) {
            for (int c = 0; c < hidden; c++) {
                x[t][c] = table[(int) ids[t] * hidden + c] * config.embeddingsScale();
            }
        }
        for (int layer = 0; layer < config.layers(); layer++) {
            String prefix = "transformer.h." + layer + ".";
            double[][] qkv = new double[ids.length][];
            for (int t = 0; t < ids.length; t++) {
                qkv[t] = conv1d(norm(x[t], prefix + "ln_1"), prefix + "attn.c_attn");
                rotate(qkv[t], 0, t);
                rotate(qkv[t], hidden, t);
            }
            for (int t = 0; t < ids.length; t++) {
                add(x[t], conv1d(attend(qkv, t), prefix + "attn.c_proj"));
                double[] h = norm(x[t], prefix + "ln_2");
                double[] up = conv1d(h, prefix + "mlp.c_fc");
                double[] gate = conv1d(h, prefix + "mlp.c_fc2");
                for (int f = 0; f < up.length; f++) {
                    up[f] *= gate[f] / (1 + Math.exp(-gate[f]));
                }
                add(x[t], conv1d(up, prefix + "mlp.c_proj"));
            }
        }
        double[][] logits = new double[ids.length][config.vocabularySize()];
        for (int t = 0; t < ids.length; t++) {
            double[] h = norm(x[t], "transformer.ln_f");
            for (int v = 0; v < logits[t].length; v++) {
                for (int c = 0; c < hidden; c++) {
                    logits[t][v] += h[c] * table[v * hidden + c];
                }
                logits[t][v] *= 2.22 * 0.0625;
            }
        }
        return logits;
    }

    private double[] attend(double[][] qkv, int t) {
        int hidden = config.hiddenSize();
        double[] out = new double[hidden];
        for (int from = 0; from < hidden; from += config.headDim()) {
            double[] p = new double[t + 1];
            double sum = 0;
            for (int s = 0; s <= t; s++) {
                double dot = 0;
                for (int d = from; d < from + config.headDim(); d++) {
                    dot += qkv[t][d] * qkv[s][hidden + d];
                }
                p[s] = Math.exp(dot / config.headDim());
                sum += p[s];
            }
            for (int s = 0; s <= t; s++) {
                for (int d = from; d < from + config.headDim(); d++) {
                    out[d] += p[s] / sum * qkv[s][2 * hidden + d];
                }
            }
        }
        return out;
    }

    /** Turns pairs of neighbours among the first dimensions of each head. */
    private void rotate(double[] x, int from, int position) {
        for (int head = from; head < from + config.hiddenSize(); head += config.headDim()) {
            for (int i = 0; i < config.rotaryDim(); i += 2) {
                double angle = position * Math.pow(10000, -(double) i / config.rotaryDim());
                double a = x[head + i];
                double b = x[head + i + 1];
                x[head + i] = a * Math.cos(angle) - b * Math.sin(angle);
                x[head + i + 1] = b * Math.cos(angle) + a * Math.sin(angle);
            }
        }
    }

    private double[] norm(double[] x, String name) {
        float[] gain = model.weight(name + ".weight");
        float[] bias = model.weight(name + ".bias");
        double mean = 0;
        double square = 0;
        for (double value : x) {
            mean += value / x.length;
            square += value * value / x.length;
        }
        double scale = 1 / Math.sqrt(square - mean * mean + config.layerNormEps());
        double[] out = new double[x.length];
        for (int c = 0; c < x.length; c++) {
            out[c] = gain[c] * (x[c] - mean) * scale + bias[c];
        }
        return out;
    }

    private double[] conv1d(double[] x, String name) {
        float[] w = model.weight(name + ".weight");
        float[] bias = model.weight(name + ".bias");
        double[] out = new double[bias.length];
        for (int o = 0; o < out.length; o++) {
            out[o] = bias[o];
            for (int i = 0; i < x.length; i++) {
                out[o] += x[i] * w[i * out.length + o];
            }
        }
        return out;
    }

    private static void add(double[] x, double[] y) {
        for (int c = 0; c < x.length; c++) {
            x[c] += y[c];
        }
    }
}
