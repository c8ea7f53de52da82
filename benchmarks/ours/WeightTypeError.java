import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.llm360.amber.Amber;
import ai.llm360.amber.AmberConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TokenScores;
import ai.llm360.common.model.WeightLoader;
import ai.llm360.common.model.WeightType;
import ai.llm360.common.tokenizer.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What holding a model's weights in another type costs: perplexity of a text, and the logits'
 * difference from float32, for each type.
 *
 * <p>Arguments: checkpoint directory with a tokenizer, text file, number of its lines to score. Each
 * line is scored alone, cut to the model's context.
 */
public final class WeightTypeError {

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        AmberConfig config = AmberConfig.read(directory.resolve("config.json"));
        List<long[]> texts = new ArrayList<>();
        try (Tokenizer tokenizer = Tokenizer.open(directory)) {
            for (String line : Files.readAllLines(Path.of(args[1]))) {
                long[] ids = tokenizer.encodePrompt(line.strip());
                if (ids.length > 2 && texts.size() < Integer.parseInt(args[2])) {
                    texts.add(java.util.Arrays.copyOf(ids, Math.min(ids.length, config.contextLength())));
                }
            }
        }
        List<NDArray> exact = new ArrayList<>();
        try (NDManager keep = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            for (WeightType type : List.of(WeightType.FP32, WeightType.BF16, WeightType.INT8)) {
                try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
                    Amber amber = new Amber(config);
                    WeightLoader.load(amber, directory, manager, type, null);
                    TextGenerator generator = new TextGenerator(amber, Optional.empty());
                    double nll = 0;
                    long tokens = 0;
                    double square = 0;
                    long logitCount = 0;
                    long sameBest = 0;
                    for (int i = 0; i < texts.size(); i++) {
                        TokenScores scores = generator.scoreIds(texts.get(i));
                        nll -= scores.logProbabilities().stream().mapToDouble(d -> d).sum();
                        tokens += scores.logProbabilities().size();
                        try (NDManager scope = manager.newSubManager()) {
                            NDArray logits = amber.logits(scope, new long[][] {texts.get(i)});
                            if (type == WeightType.FP32) {
                                logits.attach(keep);
                                exact.add(logits);
                            }
                            NDArray reference = exact.get(i);
                            square += logits.sub(reference).square().sum().getFloat();
                            logitCount += logits.size();
                            sameBest += logits.argMax(2).eq(reference.argMax(2)).sum().toLongArray()[0];
                        }
                    }
                    System.out.printf(
                            "%s: %d tokens, nll %.5f, perplexity %.4f, logits' rms difference from fp32 %.5f, same best token %.2f %%%n",
                            type,
                            tokens,
                            nll / tokens,
                            Math.exp(nll / tokens),
                            Math.sqrt(square / logitCount),
                            100.0 * sameBest / (tokens + texts.size()));
                }
            }
        }
    }
}
